//! Payments (clause 4.4).

use domain::time::Timestamp;

use super::{Desk, Draft, format::money};

pub fn received(
    desk: &Desk<'_>,
    amount_minor: u64,
    currency: &str,
    paid_until: Option<Timestamp>,
) -> Draft {
    let amount = money(amount_minor, currency, desk.locale);
    let mut facts = vec![(desk.say("Amount", "Сумма"), amount)];
    if let Some(until) = paid_until {
        facts.push((desk.say("Paid until", "Оплачено до"), desk.time(until)));
    }
    Draft::new(desk.say("We received your payment", "Мы получили ваш платёж"))
        .text(desk.say(
            "Thank you. Your payment has arrived and your workspace is open.",
            "Спасибо. Платёж получен, рабочее пространство открыто.",
        ))
        .facts(facts)
}

pub fn failed(desk: &Desk<'_>, grace_until: Option<Timestamp>) -> Draft {
    let draft = Draft::new(desk.say("A payment failed", "Платёж не прошёл")).text(desk.say(
        "A payment for your workspace failed. Check your way of paying or pay again.",
        "Платёж за ваше рабочее пространство не прошёл. Проверьте способ оплаты или оплатите снова.",
    ));
    match grace_until {
        Some(end) => {
            let end = desk.time(end);
            draft.text(desk.say(
                format!("Everything stays open until {end}. After that your workspace is read-only until a payment arrives."),
                format!("До {end} доступны все возможности. Потом рабочее пространство будет доступно только для чтения, пока не поступит платёж."),
            ))
        }
        None => draft,
    }
}

pub fn refunded(desk: &Desk<'_>, amount_minor: u64, currency: &str) -> Draft {
    let amount = money(amount_minor, currency, desk.locale);
    Draft::new(desk.say("Money was paid back to you", "Вам возвращены деньги"))
        .text(desk.say(
            "We paid money back for your workspace. Your bank may take some days to show it.",
            "Мы вернули деньги за ваше рабочее пространство. Банк может зачислить их через несколько дней.",
        ))
        .facts(vec![(desk.say("Amount", "Сумма"), amount)])
}
