//! A letter to the service's own address, with the outcome of SES's checks.

use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::{Broken, Pages, layout};
use crate::events::{Letterbox, Verdict, Verdicts};

/// What the privacy policy has people write (clauses 4.10, 5.2b, 5.3).
const NOTES: [&str; 3] = [
    "Refuse notifications about new products and services and special offers",
    "Withdrawal of consent to the processing of personal data",
    "Update of personal data",
];

/// How each check may end, as the form sends it.
const OUTCOMES: [&str; 4] = ["PASS", "FAIL", "GRAY", "PROCESSING_FAILED"];

/// What the form sends. The whole letter, if there is one, stands for subject and text.
#[derive(Deserialize)]
pub(super) struct Written {
    from: String,
    subject: String,
    text: String,
    whole: String,
    dmarc: Verdict,
    spam: Verdict,
    virus: Verdict,
}

/// The letter that was taken in just now.
#[derive(Deserialize)]
pub(super) struct Taken {
    taken: Option<Uuid>,
}

/// The form.
pub(super) async fn form(State(pages): State<Pages>, Query(taken): Query<Taken>) -> Response {
    let Some(letterbox) = pages.events.letterbox() else {
        return no_letters();
    };
    let title = format!("Write to {}", letterbox.address());
    let body = html! {
        h1 { (title) }
        @if let Some(id) = taken.taken {
            section {
                p { "Letter " code { (id.simple()) } " has arrived. What it causes is in the " a href="/_local/mail" { "mailbox" } " in a moment." }
            }
        }
        section { (fields()) }
        section {
            h2 { "Or drop a file" }
            p { "A letter that is saved as a file ending in " code { ".eml" } " to " code { (letterbox.folder().display()) } " is taken in too. Its name says how the checks end: " code { "NAME.forged.eml" } ", " code { "NAME.spam.eml" } ", " code { "NAME.infected.eml" } "." }
        }
    };
    layout::page(&title, None, &body)
}

fn fields() -> Markup {
    html! {
        form method="post" action="/_local/letters" {
            label { "From" input name="from" required value="Ada <ada@example.com>"; }
            label { "Subject" input name="subject" list="notes"; }
            datalist id="notes" { @for note in NOTES { option value=(note) {} } }
            label { "Text" textarea name="text" rows="6" {} }
            label { "Or the whole letter with its header" textarea name="whole" rows="4" {} }
            (check("dmarc", "Is the sender who they say (DMARC)"))
            (check("spam", "Is it no spam"))
            (check("virus", "Is it free of viruses"))
            button { "Send" }
        }
    }
}

fn check(name: &str, label: &str) -> Markup {
    html! {
        label { (label)
            select name=(name) { @for outcome in OUTCOMES { option { (outcome) } } }
        }
    }
}

/// Takes the letter in.
pub(super) async fn send(
    State(pages): State<Pages>,
    Form(written): Form<Written>,
) -> Result<Response, Broken> {
    let Some(letterbox) = pages.events.letterbox() else {
        return Ok(no_letters());
    };
    let verdicts = Verdicts {
        dmarc: written.dmarc,
        spam: written.spam,
        virus: written.virus,
    };
    let letter = written.letter(letterbox).into_bytes();
    let id = letterbox
        .take(letter, address_in(&written.from), verdicts)
        .await?;
    Ok(Redirect::to(&format!("/_local/letters?taken={id}")).into_response())
}

impl Written {
    fn letter(&self, to: &Letterbox) -> String {
        if !self.whole.trim().is_empty() {
            return self.whole.clone();
        }
        // a field of the header is one line
        let line = |text: &str| text.replace(['\r', '\n'], " ");
        format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@localhost>\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
            line(&self.from),
            to.address(),
            line(&self.subject),
            Uuid::now_v7().simple(),
            self.text
        )
    }
}

/// The address in `Name <address>`, or the text itself.
fn address_in(from: &str) -> &str {
    let inside = from
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or(from, |(address, _)| address).trim()
}

fn no_letters() -> Response {
    let reason = "template.yaml has no receipt rule that is enabled.";
    (StatusCode::NOT_FOUND, reason).into_response()
}
