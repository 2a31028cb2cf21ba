//! The pages: every checkout with what can be done about it, every event with
//! what became of it.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{DOCTYPE, Markup, html};

use crate::{
    ProviderStandIn, StandInError,
    deliver::Event,
    state::{Checkout, Side},
};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;\
padding:0 1rem;color:#1c2430}h1{font-size:1.4rem}form{display:inline}button{font:inherit;\
padding:.4rem .8rem;margin:0 .4rem .4rem 0;border:1px solid #8a94a3;border-radius:.4rem;\
background:#fff;cursor:pointer}button.main{background:#1d5fd1;border-color:#1d5fd1;color:#fff}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem .35rem 0;\
border-bottom:1px solid #dde2e9;vertical-align:top}.note{color:#5b6675}\
@media(prefers-color-scheme:dark){body{background:#14181f;color:#e4e8ee}button{background:#232a35;\
color:inherit}td,th{border-color:#333c49}.note{color:#98a3b3}}";

pub(crate) fn router(provider: ProviderStandIn) -> Router {
    Router::new()
        .route("/checkouts", get(checkouts))
        .route("/checkout/{id}", get(checkout))
        .route("/checkout/{id}/{action}", post(act))
        .route("/events/{id}/send", post(send))
        .route("/deliveries/{how}", post(deliveries))
        .with_state(provider)
}

impl IntoResponse for StandInError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Impossible(_) => StatusCode::CONFLICT,
            Self::Folder(_) | Self::State(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let body = layout("This can't be done", &html! { p { (self) "." } });
        (status, body).into_response()
    }
}

fn layout(title: &str, content: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p.note { "A payment provider on this machine. No money moves." }
                (content)
            }
        }
    };
    Html(page.into_string())
}

fn price(checkout: &Checkout) -> String {
    let (whole, cents) = (checkout.amount_minor / 100, checkout.amount_minor % 100);
    format!("{whole}.{cents:02} {}", checkout.currency.to_uppercase())
}

fn standing(checkout: &Checkout) -> String {
    let declined = if checkout.declined {
        ", last try declined"
    } else {
        ""
    };
    let status = match &checkout.side {
        Side::Stripe(side) => match &side.subscription {
            None => "open".to_owned(),
            Some(subscription) => format!("subscription {}", subscription.status),
        },
        Side::Yookassa(side) => format!("payment {}", side.status),
    };
    format!("{status}{declined}")
}

/// What can be done about a checkout as it is: the action and its name.
fn actions(checkout: &Checkout) -> Vec<(&'static str, &'static str)> {
    const AFTER_PAYMENT: [(&str, &str); 2] = [
        ("refund", "Refund in full"),
        ("refund-half", "Refund half of it"),
    ];
    match &checkout.side {
        Side::Stripe(side) => {
            let Some(subscription) = &side.subscription else {
                return vec![("pay", "Pay"), ("decline", "Decline the card")];
            };
            let mut actions = Vec::new();
            if subscription.status != "canceled" {
                actions.push(("pay", "Pay the next month"));
                actions.push(("decline", "Let the next month's payment fail"));
                actions.push(("cancel", "End the subscription"));
            }
            actions.extend(AFTER_PAYMENT);
            actions.extend([
                ("dispute", "Dispute the payment"),
                ("win", "Decide the dispute for the shop"),
                ("lose", "Decide the dispute for the payer"),
            ]);
            actions
        }
        Side::Yookassa(side) => match side.status.as_str() {
            "pending" => vec![("pay", "Pay"), ("decline", "Decline the payment")],
            "succeeded" => AFTER_PAYMENT.to_vec(),
            _ => Vec::new(),
        },
    }
}

fn button(action: &str, name: &str, main: bool) -> Markup {
    html! {
        form method="post" action=(action) {
            button type="submit" class=[main.then_some("main")] { (name) }
        }
    }
}

impl ProviderStandIn {
    /// The path under which the router is mounted.
    fn prefix(&self) -> &str {
        let base = &self.0.options.page_base_url;
        let after_scheme = base.find("://").map_or(0, |at| at + 3);
        let path = base[after_scheme..].find('/');
        path.map_or("", |at| base[after_scheme + at..].trim_end_matches('/'))
    }
}

fn event_table(prefix: &str, events: &[Event]) -> Markup {
    html! {
        table {
            tr { th { "Event" } th { "Made at" } th { "Sent" } th {} }
            @for event in events.iter().rev() {
                tr {
                    td { (event.kind) br; span.note { (event.id) } }
                    td { (event.at) }
                    td {
                        @if event.deliveries.is_empty() { "not yet" }
                        @for delivery in &event.deliveries {
                            @match delivery.status {
                                Some(status) => (status),
                                None => "no answer",
                            }
                            " "
                        }
                    }
                    td {
                        (button(
                            &format!("{prefix}/events/{}/send", event.id),
                            if event.deliveries.is_empty() { "Send" } else { "Send again" },
                            false,
                        ))
                    }
                }
            }
        }
    }
}

fn delivery_buttons(prefix: &str, holding: bool) -> Markup {
    html! {
        p {
            @if holding {
                "Events wait here until you send them, late or in any order. "
                (button(&format!("{prefix}/deliveries/release"), "Send events at once again", false))
            } @else {
                "Events are sent at once. "
                (button(&format!("{prefix}/deliveries/hold"), "Hold events back from now on", false))
            }
            (button(&format!("{prefix}/deliveries/forwards"), "Send what waits, oldest first", false))
            (button(&format!("{prefix}/deliveries/backwards"), "Send what waits, newest first", false))
        }
    }
}

async fn checkouts(State(provider): State<ProviderStandIn>) -> Html<String> {
    let state = provider.0.state.lock().await;
    let prefix = provider.prefix();
    layout(
        "Payments on this machine",
        &html! {
            h2 { "Checkouts" }
            @if state.checkouts.is_empty() { p { "None yet. Open one with POST /billing/checkout." } }
            table {
                @for checkout in state.checkouts.values() {
                    tr {
                        td { a href=(format!("{prefix}/checkout/{}", checkout.id)) { (checkout.name) } }
                        td { (price(checkout)) }
                        td { (checkout.provider().as_str()) }
                        td { (standing(checkout)) }
                        td { (checkout.created_at) }
                    }
                }
            }
            h2 { "Events" }
            (delivery_buttons(prefix, state.holding))
            (event_table(prefix, &state.events))
        },
    )
}

async fn checkout(
    State(provider): State<ProviderStandIn>,
    Path(id): Path<String>,
) -> Result<Html<String>, StandInError> {
    let state = provider.0.state.lock().await;
    let checkout = state.checkouts.get(&id).ok_or(StandInError::Unknown)?;
    let events: Vec<Event> = state
        .events
        .iter()
        .filter(|event| event.checkout == id)
        .cloned()
        .collect();
    let prefix = provider.prefix();
    let content = html! {
        p { strong { (price(checkout)) } " a month · " (checkout.provider().as_str()) " · " (standing(checkout)) }
        p {
            @for (action, name) in actions(checkout) {
                (button(&format!("{prefix}/checkout/{id}/{action}"), name, action == "pay"))
            }
        }
        p {
            a href=(checkout.success_url) { "Back to the shop" } " · "
            a href=(format!("{prefix}/checkouts")) { "All checkouts and events" }
        }
        h2 { "Events of this checkout" }
        (delivery_buttons(prefix, state.holding))
        (event_table(prefix, &events))
    };
    Ok(layout(&format!("Pay for {}", checkout.name), &content))
}

async fn act(
    State(provider): State<ProviderStandIn>,
    Path((id, action)): Path<(String, String)>,
) -> Result<Redirect, StandInError> {
    match action.as_str() {
        "pay" => provider.pay(&id).await,
        "decline" => provider.decline(&id).await,
        "cancel" => provider.cancel(&id).await,
        "refund" => provider.refund(&id, None).await,
        "refund-half" => {
            let half = {
                let state = provider.0.state.lock().await;
                let checkout = state.checkouts.get(&id).ok_or(StandInError::Unknown)?;
                checkout.amount_minor / 2
            };
            provider.refund(&id, Some(half)).await
        }
        "dispute" => provider.dispute(&id).await,
        "win" => provider.close_dispute(&id, true).await,
        "lose" => provider.close_dispute(&id, false).await,
        _ => Err(StandInError::Unknown),
    }?;
    let page = format!("{}/checkout/{id}", provider.prefix());
    Ok(Redirect::to(&page))
}

async fn send(
    State(provider): State<ProviderStandIn>,
    Path(id): Path<String>,
) -> Result<Redirect, StandInError> {
    provider.resend(&id).await?;
    Ok(Redirect::to(&format!("{}/checkouts", provider.prefix())))
}

async fn deliveries(
    State(provider): State<ProviderStandIn>,
    Path(how): Path<String>,
) -> Result<Redirect, StandInError> {
    match how.as_str() {
        "hold" => provider.hold(true).await,
        "release" => provider.hold(false).await,
        "forwards" => provider.deliver_waiting().await,
        "backwards" => provider.deliver_waiting_backwards().await,
        _ => Err(StandInError::Unknown),
    }?;
    Ok(Redirect::to(&format!("{}/checkouts", provider.prefix())))
}
