//! Stripe's objects and events, in the API version that the service asks for.

use domain::{
    billing::{Provider, plan::month_after, stripe::API_VERSION},
    time::Timestamp,
};
use serde_json::{Value, json};

use crate::{
    StandInError,
    deliver::Event,
    state::{Checkout, Dispute, Invoice, Side, StripeSide, Subscription, fresh_id},
};

type Done = Result<(), StandInError>;

const UNPAID: StandInError = StandInError::Impossible("nothing has been paid yet");

fn event(checkout: &Checkout, kind: &str, at: Timestamp, object: &Value) -> Event {
    let id = fresh_id("evt");
    let body = json!({
        "id": id,
        "object": "event",
        "api_version": API_VERSION,
        "created": at.as_second(),
        "type": kind,
        "livemode": checkout.live,
        "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "data": {"object": object},
    });
    Event {
        id,
        checkout: checkout.id.clone(),
        provider: Provider::Stripe,
        kind: kind.to_owned(),
        at,
        body: body.to_string(),
        deliveries: Vec::new(),
    }
}

pub(crate) fn session_json(checkout: &Checkout, side: &StripeSide) -> Value {
    let subscription = side.subscription.as_ref();
    let paid = subscription.is_some();
    json!({
        "id": checkout.id,
        "object": "checkout.session",
        "mode": "subscription",
        "status": if paid { "complete" } else { "open" },
        "payment_status": if paid { "paid" } else { "unpaid" },
        "amount_total": checkout.amount_minor,
        "currency": checkout.currency,
        "client_reference_id": checkout.metadata.get("workspace"),
        "customer": subscription.map(|s| &s.customer).or(side.customer.as_ref()),
        "subscription": subscription.map(|s| &s.id),
        "metadata": checkout.metadata,
        "livemode": checkout.live,
        "success_url": checkout.success_url,
        "cancel_url": checkout.cancel_url,
        "url": if paid { None } else { Some(&checkout.url) },
    })
}

pub(crate) fn subscription_json(
    checkout: &Checkout,
    side: &StripeSide,
    subscription: &Subscription,
) -> Value {
    json!({
        "id": subscription.id,
        "object": "subscription",
        "customer": subscription.customer,
        "status": subscription.status,
        "current_period_start": subscription.period_start,
        "current_period_end": subscription.period_end,
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "metadata": checkout.metadata,
        "livemode": checkout.live,
        "items": {"object": "list", "data": [{
            "object": "subscription_item",
            "quantity": 1,
            "price": {
                "id": side.price.as_deref().unwrap_or("price_of_checkout"),
                "object": "price",
                "unit_amount": checkout.amount_minor,
                "currency": checkout.currency,
                "recurring": {"interval": "month"},
            },
        }]},
    })
}

fn invoice_json(checkout: &Checkout, side: &StripeSide, invoice: &Invoice) -> Value {
    let subscription = side.subscription.as_ref();
    json!({
        "id": invoice.id,
        "object": "invoice",
        "customer": subscription.map(|s| &s.customer),
        "subscription": subscription.map(|s| &s.id),
        "subscription_details": {"metadata": checkout.metadata},
        "status": if invoice.paid { "paid" } else { "open" },
        "paid": invoice.paid,
        "amount_due": checkout.amount_minor,
        "amount_paid": if invoice.paid { checkout.amount_minor } else { 0 },
        "currency": checkout.currency,
        "charge": invoice.charge,
        "livemode": checkout.live,
        "period_start": invoice.period_start,
        // as Stripe has it: the lines say which period is paid for
        "period_end": invoice.period_start,
        "lines": {"object": "list", "data": [{
            "object": "line_item",
            "amount": checkout.amount_minor,
            "currency": checkout.currency,
            "period": {"start": invoice.period_start, "end": invoice.period_end},
        }]},
    })
}

/// A charge; with its invoice in full when the call asks to expand it.
pub(crate) fn charge_json(
    checkout: &Checkout,
    side: &StripeSide,
    invoice: &Invoice,
    expand: bool,
) -> Value {
    let whole = invoice_json(checkout, side, invoice);
    json!({
        "id": invoice.charge,
        "object": "charge",
        "amount": checkout.amount_minor,
        "amount_refunded": invoice.refunded_minor,
        "refunded": invoice.refunded_minor == checkout.amount_minor,
        "disputed": invoice.dispute.is_some(),
        "currency": checkout.currency,
        "customer": side.subscription.as_ref().map(|s| &s.customer),
        "invoice": if expand { whole } else { json!(invoice.id) },
        "status": if invoice.paid { "succeeded" } else { "failed" },
        "livemode": checkout.live,
    })
}

fn tell_subscription(checkout: &Checkout, events: &mut Vec<Event>, kind: &str, now: Timestamp) {
    let Side::Stripe(side) = &checkout.side else {
        return;
    };
    if let Some(subscription) = &side.subscription {
        let object = subscription_json(checkout, side, subscription);
        events.push(event(checkout, kind, now, &object));
    }
}

fn tell_last_invoice(checkout: &Checkout, events: &mut Vec<Event>, kind: &str, now: Timestamp) {
    let Side::Stripe(side) = &checkout.side else {
        return;
    };
    if let Some(invoice) = side.invoices.last() {
        let object = invoice_json(checkout, side, invoice);
        events.push(event(checkout, kind, now, &object));
    }
}

/// Pays an open session, an unpaid invoice, or the next month.
pub(crate) fn pay(checkout: &mut Checkout, events: &mut Vec<Event>, now: Timestamp) -> Done {
    checkout.declined = false;
    let side = checkout.stripe()?;
    match &side.subscription {
        None => first_payment(checkout, events, now),
        Some(subscription) if subscription.status == "canceled" => Err(StandInError::Impossible(
            "the subscription has ended: open a new checkout",
        )),
        Some(subscription) if subscription.cancel_at_period_end => cancel(checkout, events, now),
        Some(_) => {
            if side.invoices.last().is_none_or(|last| last.paid) {
                next_invoice(side);
            }
            settle(side, true);
            tell_subscription(checkout, events, "customer.subscription.updated", now);
            tell_last_invoice(checkout, events, "invoice.paid", now);
            Ok(())
        }
    }
}

fn first_payment(checkout: &mut Checkout, events: &mut Vec<Event>, now: Timestamp) -> Done {
    let (start, end) = (now.as_second(), month_after(now).as_second());
    let side = checkout.stripe()?;
    side.subscription = Some(Subscription {
        id: fresh_id("sub"),
        customer: side.customer.clone().unwrap_or_else(|| fresh_id("cus")),
        status: "incomplete".to_owned(),
        period_start: start,
        period_end: end,
        cancel_at_period_end: false,
    });
    side.invoices.push(invoice(start, end));
    // all of one second, as it is at Stripe
    tell_subscription(checkout, events, "customer.subscription.created", now);
    settle(checkout.stripe()?, true);
    tell_last_invoice(checkout, events, "invoice.paid", now);
    tell_subscription(checkout, events, "customer.subscription.updated", now);
    if let Side::Stripe(side) = &checkout.side {
        let session = session_json(checkout, side);
        events.push(event(checkout, "checkout.session.completed", now, &session));
    }
    Ok(())
}

fn invoice(period_start: i64, period_end: i64) -> Invoice {
    Invoice {
        id: fresh_id("in"),
        charge: fresh_id("ch"),
        paid: false,
        period_start,
        period_end,
        refunded_minor: 0,
        dispute: None,
    }
}

/// Begins the subscription's next month with an invoice that is not paid yet.
fn next_invoice(side: &mut StripeSide) {
    let Some(subscription) = &mut side.subscription else {
        return;
    };
    subscription.period_start = subscription.period_end;
    let start = Timestamp::from_seconds(subscription.period_start);
    subscription.period_end = month_after(start).as_second();
    let next = invoice(subscription.period_start, subscription.period_end);
    side.invoices.push(next);
}

fn settle(side: &mut StripeSide, paid: bool) {
    if let Some(last) = side.invoices.last_mut() {
        last.paid = paid;
    }
    if let Some(subscription) = &mut side.subscription {
        subscription.status = if paid { "active" } else { "past_due" }.to_owned();
    }
}

/// Declines the first payment, which tells nobody, or the next month's.
pub(crate) fn decline(checkout: &mut Checkout, events: &mut Vec<Event>, now: Timestamp) -> Done {
    checkout.declined = true;
    let side = checkout.stripe()?;
    match &side.subscription {
        None => return Ok(()),
        Some(subscription) if subscription.status == "canceled" => {
            return Err(StandInError::Impossible("the subscription has ended"));
        }
        Some(_) => {}
    }
    if side.invoices.last().is_none_or(|last| last.paid) {
        next_invoice(side);
    }
    settle(side, false);
    tell_last_invoice(checkout, events, "invoice.payment_failed", now);
    tell_subscription(checkout, events, "customer.subscription.updated", now);
    Ok(())
}

/// Cancels with effect from the end of the period, or thinks again.
pub(crate) fn cancel_later(
    checkout: &mut Checkout,
    events: &mut Vec<Event>,
    now: Timestamp,
    cancels: bool,
) -> Done {
    let subscription = checkout.stripe()?.subscription.as_mut().ok_or(UNPAID)?;
    if subscription.status == "canceled" {
        return Err(StandInError::Impossible("the subscription has ended"));
    }
    subscription.cancel_at_period_end = cancels;
    tell_subscription(checkout, events, "customer.subscription.updated", now);
    Ok(())
}

pub(crate) fn cancel(checkout: &mut Checkout, events: &mut Vec<Event>, now: Timestamp) -> Done {
    let subscription = checkout.stripe()?.subscription.as_mut();
    "canceled".clone_into(&mut subscription.ok_or(UNPAID)?.status);
    tell_subscription(checkout, events, "customer.subscription.deleted", now);
    Ok(())
}

fn last_paid(side: &mut StripeSide) -> Result<&mut Invoice, StandInError> {
    let paid = side.invoices.iter_mut().rev().find(|invoice| invoice.paid);
    paid.ok_or(UNPAID)
}

fn charged(checkout: &Checkout) -> Option<Value> {
    let Side::Stripe(side) = &checkout.side else {
        return None;
    };
    let invoice = side.invoices.iter().rev().find(|invoice| invoice.paid)?;
    Some(charge_json(checkout, side, invoice, false))
}

pub(crate) fn refund(
    checkout: &mut Checkout,
    events: &mut Vec<Event>,
    now: Timestamp,
    amount: Option<u64>,
) -> Done {
    let price = checkout.amount_minor;
    let invoice = last_paid(checkout.stripe()?)?;
    let left = price - invoice.refunded_minor;
    let amount = amount.unwrap_or(left);
    if amount == 0 || amount > left {
        return Err(StandInError::Impossible("there is not so much to refund"));
    }
    invoice.refunded_minor += amount;
    let object = json!({
        "id": fresh_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": invoice.charge,
        "currency": checkout.currency,
        "status": "succeeded",
    });
    if let Some(charge) = charged(checkout) {
        events.push(event(checkout, "charge.refunded", now, &charge));
    }
    events.push(event(checkout, "refund.created", now, &object));
    Ok(())
}

/// Opens a dispute of the last payment, or brings it to `status`.
pub(crate) fn dispute(
    checkout: &mut Checkout,
    events: &mut Vec<Event>,
    now: Timestamp,
    status: &str,
) -> Done {
    let price = checkout.amount_minor;
    let opens = status == "needs_response";
    let invoice = last_paid(checkout.stripe()?)?;
    let id = match (&invoice.dispute, opens) {
        (None, true) => fresh_id("dp"),
        (Some(known), false) => known.id.clone(),
        (Some(_), true) => return Err(StandInError::Impossible("it is disputed already")),
        (None, false) => return Err(StandInError::Impossible("it is not disputed")),
    };
    invoice.dispute = Some(Dispute {
        id: id.clone(),
        status: status.to_owned(),
    });
    let object = json!({
        "id": id,
        "object": "dispute",
        "amount": price,
        "charge": invoice.charge,
        "status": status,
        "reason": "general",
    });
    let kinds = match status {
        "needs_response" => ["created", "funds_withdrawn"],
        "won" => ["closed", "funds_reinstated"],
        _ => ["updated", "closed"],
    };
    for kind in kinds {
        let kind = format!("charge.dispute.{kind}");
        events.push(event(checkout, &kind, now, &object));
    }
    Ok(())
}
