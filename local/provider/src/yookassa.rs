//! YooKassa's payments and notifications.

use domain::{
    billing::{Provider, money},
    time::Timestamp,
};
use serde_json::{Value, json};

use crate::{
    StandInError,
    deliver::Event,
    state::{Checkout, Side, YookassaSide, fresh_id},
};

type Done = Result<(), StandInError>;

/// An amount as YooKassa writes it: `990.00`.
fn amount_json(minor: u64, currency: &str) -> Value {
    json!({
        "value": money::decimal(minor, currency),
        "currency": currency.to_ascii_uppercase(),
    })
}

pub(crate) fn payment_json(checkout: &Checkout, side: &YookassaSide) -> Value {
    let paid = side.status == "succeeded";
    let mut payment = json!({
        "id": checkout.id,
        "status": side.status,
        "paid": paid,
        "amount": amount_json(checkout.amount_minor, &checkout.currency),
        "created_at": checkout.created_at,
        "description": checkout.name,
        "metadata": checkout.metadata,
        "recipient": {"account_id": checkout.account, "gateway_id": "1"},
        "refundable": paid,
        "test": !checkout.live,
    });
    if side.status == "pending" {
        payment["confirmation"] = json!({"type": "redirect", "confirmation_url": checkout.url});
    }
    if let Some(captured_at) = &side.captured_at {
        payment["captured_at"] = json!(captured_at);
        payment["payment_method"] = json!({
            "type": "bank_card",
            "id": side.charged.as_ref().unwrap_or(&checkout.id),
            "saved": side.save_method,
        });
    }
    if side.refunded_minor > 0 {
        payment["refunded_amount"] = amount_json(side.refunded_minor, &checkout.currency);
    }
    payment
}

fn notification(checkout: &Checkout, kind: &str, at: Timestamp, object: &Value) -> Event {
    let body = json!({"type": "notification", "event": kind, "object": object});
    Event {
        id: fresh_id("ntf"),
        checkout: checkout.id.clone(),
        provider: Provider::Yookassa,
        kind: kind.to_owned(),
        at,
        body: body.to_string(),
        deliveries: Vec::new(),
    }
}

fn finish(checkout: &mut Checkout, events: &mut Vec<Event>, now: Timestamp, status: &str) -> Done {
    let side = checkout.yookassa()?;
    if side.status != "pending" {
        return Err(StandInError::Impossible("this payment is finished"));
    }
    status.clone_into(&mut side.status);
    if status == "succeeded" {
        side.captured_at = Some(now.to_string());
    }
    if let Side::Yookassa(side) = &checkout.side {
        let payment = payment_json(checkout, side);
        let kind = format!("payment.{status}");
        events.push(notification(checkout, &kind, now, &payment));
    }
    Ok(())
}

pub(crate) fn pay(checkout: &mut Checkout, events: &mut Vec<Event>, now: Timestamp) -> Done {
    finish(checkout, events, now, "succeeded")
}

pub(crate) fn decline(checkout: &mut Checkout, events: &mut Vec<Event>, now: Timestamp) -> Done {
    checkout.declined = true;
    finish(checkout, events, now, "canceled")
}

/// Charges a method that was saved: nobody is asked, and the answer is there at once.
pub(crate) fn charge(
    checkout: &mut Checkout,
    events: &mut Vec<Event>,
    now: Timestamp,
    accepted: bool,
) -> Done {
    if accepted {
        pay(checkout, events, now)
    } else {
        decline(checkout, events, now)
    }
}

/// From now on the saved method is declined, or taken again.
pub(crate) fn decline_renewals(checkout: &mut Checkout, declines: bool) -> Done {
    checkout.yookassa()?.declines = declines;
    Ok(())
}

pub(crate) fn refund(
    checkout: &mut Checkout,
    events: &mut Vec<Event>,
    now: Timestamp,
    amount: Option<u64>,
) -> Done {
    let price = checkout.amount_minor;
    let side = checkout.yookassa()?;
    if side.status != "succeeded" {
        return Err(StandInError::Impossible("nothing has been paid yet"));
    }
    let left = price - side.refunded_minor;
    let amount = amount.unwrap_or(left);
    if amount == 0 || amount > left {
        return Err(StandInError::Impossible("there is not so much to refund"));
    }
    side.refunded_minor += amount;
    let object = json!({
        "id": fresh_id("rfnd"),
        "payment_id": checkout.id,
        "status": "succeeded",
        "amount": amount_json(amount, &checkout.currency),
        "created_at": now.to_string(),
    });
    events.push(notification(checkout, "refund.succeeded", now, &object));
    Ok(())
}
