//! The mailbox: what SES would have sent.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use local_services::{Feedback, Mail};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Broken, Pages, layout};

/// Seconds after which the list looks again.
const REFRESH_S: u32 = 5;

/// A mail may style itself and open links in new tabs, nothing else.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; \
    default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// All messages, the newest first.
pub(super) async fn list(State(pages): State<Pages>) -> Result<Response, Broken> {
    let mut mails = pages.cloud.services.mailbox().list().await?;
    mails.reverse();
    let body = html! {
        h1 { "Mailbox" }
        section {
            @if mails.is_empty() {
                p.empty { "No mail yet. Whatever the service sends arrives here." }
            } @else {
                table.cards {
                    thead { tr { th { "Subject" } th { "To" } th { "From" } th { "Sent (UTC)" } } }
                    @for mail in &mails {
                        tr {
                            td { a href={ "/_local/mail/" (mail.id) } { (subject(&mail.subject)) } }
                            td { (mail.to.join(", ")) }
                            td.soft { (mail.from) }
                            td.soft.line { (mail.at.strftime("%Y-%m-%d %H:%M:%S").to_string()) }
                        }
                    }
                }
            }
        }
    };
    Ok(layout::page("Mailbox", Some(REFRESH_S), &body))
}

fn subject(subject: &str) -> &str {
    if subject.is_empty() {
        "(no subject)"
    } else {
        subject
    }
}

/// What a reader, or a reader's provider, makes of a message.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reaction {
    Bounced,
    Complained,
}

/// What was reported of a message just now.
#[derive(Deserialize)]
pub(super) struct Reported {
    reported: Option<Reaction>,
}

/// The form of the buttons below a message.
#[derive(Deserialize)]
pub(super) struct Report {
    reaction: Reaction,
}

/// One message: its header, text with links, and HTML.
pub(super) async fn message(
    State(pages): State<Pages>,
    Path(id): Path<String>,
    Query(reported): Query<Reported>,
) -> Response {
    let Ok(mail) = pages.cloud.services.mailbox().read(&id).await else {
        return not_found();
    };
    let body = html! {
        h1 { (subject(&mail.summary.subject)) }
        section {
            dl {
                dt { "From" } dd { (mail.summary.from) }
                dt { "To" } dd { (mail.summary.to.join(", ")) }
                dt { "Sent" } dd { (mail.summary.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()) }
            }
            div.actions {
                a href={ "/_local/mail/" (id) "/raw" } { "The message as it was sent" }
                form.inline method="post" action={ "/_local/mail/" (id) "/delete" } {
                    button { "Delete" }
                }
                @if !pages.model.mail_events.is_empty() {
                    (report_buttons(&id))
                }
            }
            @if let Some(reaction) = reported.reported {
                p.soft { (told(reaction)) }
            }
        }
        @if mail.html.is_some() {
            section {
                h2 { "As most readers see it" }
                iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="The message's HTML"
                    src={ "/_local/mail/" (id) "/html" } {}
            }
        }
        @if let Some(text) = &mail.text {
            section { h2 { "As plain text" } pre { (linked(text, &mail.links)) } }
        }
    };
    layout::page(subject(&mail.summary.subject), None, &body)
}

/// As the receiver's side of the mail: it comes back, or its reader calls it spam.
fn report_buttons(id: &str) -> Markup {
    let buttons = [
        ("bounced", "Let it bounce"),
        ("complained", "Report it as spam"),
    ];
    html! {
        @for (reaction, label) in buttons {
            form.inline method="post" action={ "/_local/mail/" (id) "/report" } {
                button name="reaction" value=(reaction) { (label) }
            }
        }
    }
}

fn told(reaction: Reaction) -> &'static str {
    match reaction {
        Reaction::Bounced => "The service was told that this message bounced.",
        Reaction::Complained => "The service was told that this message was reported as spam.",
    }
}

/// Lets a message bounce, or its reader complain.
pub(super) async fn report(
    State(pages): State<Pages>,
    Path(id): Path<String>,
    Form(report): Form<Report>,
) -> Response {
    let (feedback, name) = match report.reaction {
        Reaction::Bounced => (Feedback::Bounce, "bounced"),
        Reaction::Complained => (Feedback::Complaint, "complained"),
    };
    let mailbox = pages.cloud.services.mailbox();
    match mailbox.report(&id, feedback).await {
        Ok(()) => Redirect::to(&format!("/_local/mail/{id}?reported={name}")).into_response(),
        Err(_) => not_found(),
    }
}

/// The text with its addresses, which come in their order, as links.
fn linked(text: &str, links: &[String]) -> Markup {
    let mut rest = text;
    let mut pieces = Vec::with_capacity(links.len());
    for link in links {
        if let Some((before, after)) = rest.split_once(link.as_str()) {
            pieces.push((before, link));
            rest = after;
        }
    }
    html! {
        @for (before, link) in pieces {
            (before) a href=(link) target="_blank" rel="noreferrer" { (link) }
        }
        (rest)
    }
}

/// The HTML part by itself, for the frame.
pub(super) async fn html(State(pages): State<Pages>, Path(id): Path<String>) -> Response {
    let mail = pages.cloud.services.mailbox().read(&id).await;
    let Some(html) = mail.ok().and_then(|mail: Mail| mail.html) else {
        return not_found();
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, MAIL_POLICY),
        (CACHE_CONTROL, "no-store"),
    ];
    // Links must not open inside the frame.
    (headers, format!("<base target=\"_blank\">{html}")).into_response()
}

/// The message as it was sent.
pub(super) async fn raw(State(pages): State<Pages>, Path(id): Path<String>) -> Response {
    match pages.cloud.services.mailbox().read(&id).await {
        Ok(mail) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], mail.raw).into_response(),
        Err(_) => not_found(),
    }
}

/// Deletes one message.
pub(super) async fn delete(State(pages): State<Pages>, Path(id): Path<String>) -> Response {
    match pages.cloud.services.mailbox().delete(&id).await {
        Ok(()) => Redirect::to("/_local/mail").into_response(),
        Err(_) => not_found(),
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is no such message.").into_response()
}
