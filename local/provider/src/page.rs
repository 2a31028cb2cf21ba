//! The pages: every checkout with what can be done about it, every event with
//! what became of it.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use domain::billing::money;
use maud::{DOCTYPE, Markup, html};

use crate::{
    ProviderStandIn, StandInError,
    deliver::Event,
    state::{Checkout, Side, StripeSide},
};

const STYLE: &str = include_str!("page.css");

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
        let body = html! {
            p { (self) "." }
            p.note { "Go back in the browser: nothing was changed." }
        };
        (status, layout("This can't be done", &body)).into_response()
    }
}

fn layout(title: &str, content: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p.note { "A payment provider on this machine. No money moves. " a href="/" { "Assetbox" } }
                (content)
            }
        }
    };
    Html(page.into_string())
}

fn price(checkout: &Checkout) -> String {
    let amount = money::decimal(checkout.amount_minor, &checkout.currency);
    format!("{amount} {}", checkout.currency.to_uppercase())
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
            Some(subscription) if subscription.cancel_at_period_end => {
                format!(
                    "subscription {}, canceled from the period's end",
                    subscription.status
                )
            }
            Some(subscription) => format!("subscription {}", subscription.status),
        },
        Side::Yookassa(side) => format!("payment {}", side.status),
    };
    format!("{status}{declined}")
}

type Action = (&'static str, &'static str);

/// What can be done about a checkout as it is: the action and its name.
fn actions(checkout: &Checkout) -> Vec<Action> {
    match &checkout.side {
        Side::Stripe(side) => stripe_actions(side, checkout.amount_minor),
        Side::Yookassa(side) => match side.status.as_str() {
            "pending" => vec![("pay", "Pay"), ("decline", "Decline the payment")],
            "succeeded" => refunds(side.refunded_minor, checkout.amount_minor),
            _ => Vec::new(),
        },
    }
}

fn stripe_actions(side: &StripeSide, price: u64) -> Vec<Action> {
    let Some(subscription) = &side.subscription else {
        return vec![("pay", "Pay"), ("decline", "Decline the card")];
    };
    let mut actions = Vec::new();
    if subscription.status != "canceled" {
        actions.push(("pay", "Pay the next month"));
        actions.push(("decline", "Let the next month's payment fail"));
        actions.push(("cancel", "End the subscription"));
    }
    let Some(paid) = side.invoices.iter().rev().find(|invoice| invoice.paid) else {
        return actions;
    };
    actions.extend(refunds(paid.refunded_minor, price));
    match &paid.dispute {
        None => actions.push(("dispute", "Dispute the payment")),
        Some(dispute) if dispute.status == "needs_response" => actions.extend([
            ("win", "Decide the dispute for the shop"),
            ("lose", "Decide the dispute for the payer"),
        ]),
        Some(_) => {}
    }
    actions
}

fn refunds(refunded: u64, price: u64) -> Vec<Action> {
    let mut actions = Vec::new();
    if refunded < price {
        actions.push(("refund", "Refund all that is left"));
    }
    if refunded + price / 2 <= price {
        actions.push(("refund-half", "Refund half of it"));
    }
    actions
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

/// RFC 3339 to the second, for the eye.
fn moment(at: &str) -> String {
    at.get(..19).unwrap_or(at).replace('T', " ")
}

fn event_table(prefix: &str, events: &[Event]) -> Markup {
    html! {
        @if events.is_empty() {
            p.note { "None yet." }
        } @else {
            table {
                thead { tr { th { "Event" } th { "Made at (UTC)" } th { "Answered" } th {} } }
                @for event in events.iter().rev() {
                    tr {
                        td { (event.kind) " " span.note { (event.id) } }
                        td { (moment(&event.at.to_string())) }
                        td data-name="Answered" { (answers(event)) }
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
}

fn answers(event: &Event) -> String {
    if event.deliveries.is_empty() {
        return "not sent yet".to_owned();
    }
    let answers = event.deliveries.iter().map(|delivery| {
        let status = delivery.status.map(|status| status.to_string());
        status.unwrap_or_else(|| "no answer".to_owned())
    });
    answers.collect::<Vec<_>>().join(", ")
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
            @if state.checkouts.is_empty() { p { "None yet. Open one with " code { "POST /billing/checkout" } "." } }
            table {
                @for checkout in state.checkouts.values() {
                    tr {
                        td { a href=(format!("{prefix}/checkout/{}", checkout.id)) { (checkout.name) } }
                        td { (price(checkout)) }
                        td { (checkout.provider().as_str()) }
                        td { (standing(checkout)) }
                        td { (moment(&checkout.created_at)) }
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
        "cancel-later" => provider.cancel_later(&id, true).await,
        "resume" => provider.cancel_later(&id, false).await,
        "decline-renewals" => provider.decline_renewals(&id, true).await,
        "take-renewals" => provider.decline_renewals(&id, false).await,
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
