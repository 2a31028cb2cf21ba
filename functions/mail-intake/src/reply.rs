//! The one automatic reply. It says the same to everybody: whether the address has an account is
//! in none of its words.

use domain::{policy::Locale, time::Timestamp};
use platform::{
    House,
    mail::{Letter, MailError},
};
use store::Update;

use crate::{
    App, Error,
    decision::{Decision, Outcome},
    note::Note,
};

/// Replies to a letter that was taken in. The reply is claimed before it is sent, so that no
/// failure afterwards sends a second one; where SES does not take it, it is due again.
pub(crate) async fn once(
    app: &App,
    id: &str,
    decision: &Decision,
    answered_by: Timestamp,
) -> Result<(), Error> {
    let due = |due: bool| Update::new().set("replies", due);
    app.db.change_intake(id, due(false)?).await?;
    let sent = send(app, id, decision, answered_by).await;
    if sent.is_err() {
        app.db.change_intake(id, due(true)?).await?;
    }
    sent
}

async fn send(
    app: &App,
    id: &str,
    decision: &Decision,
    answered_by: Timestamp,
) -> Result<(), Error> {
    let Some(sender) = &decision.sender else {
        return Ok(());
    };
    let by_a_person = matches!(decision.outcome, Outcome::Person(_));
    let letter = write(
        &app.house,
        decision.locale,
        decision.outcome,
        by_a_person.then_some(answered_by),
        decision.message_id.clone(),
    );
    // what SES reports of the reply names the letter, and nobody
    let tags = [("letter", id.to_owned())];
    match app.mailer.send(sender, &letter, &tags).await {
        Ok(_) => Ok(()),
        Err(MailError::Refused(code)) => {
            tracing::warn!(letter = id, code, "the reply was refused");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn write(
    house: &House,
    locale: Locale,
    outcome: Outcome,
    answered_by: Option<Timestamp>,
    in_reply_to: Option<String>,
) -> Letter {
    let subject = say(locale, "We received your letter", "Мы получили ваше письмо");
    let greeting = say(locale, "Hello.", "Здравствуйте!");
    let mut paragraphs = vec![greeting.to_owned(), news(locale, outcome).to_owned()];
    if let Some(day) = answered_by {
        paragraphs.push(by_a_person(locale, day));
    }
    let footer = match locale {
        Locale::En => format!(
            "{}. This reply was sent automatically; no other will follow to this thread today.",
            house.operator
        ),
        Locale::Ru => format!(
            "{}. Этот ответ отправлен автоматически; других в этой переписке сегодня не будет.",
            house.operator
        ),
    };
    let text = format!("{}\n\n-- \n{footer}\n", paragraphs.join("\n\n"));
    paragraphs.push(footer);
    let html: String = paragraphs
        .iter()
        .map(|paragraph| format!("<p>{}</p>\n", escaped(paragraph)))
        .collect();
    Letter {
        subject: subject.to_owned(),
        text,
        html: format!(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{subject}</title></head><body>\n{html}</body></html>\n"
        ),
        unsubscribe: None,
        in_reply_to,
    }
}

fn say(locale: Locale, en: &'static str, ru: &'static str) -> &'static str {
    match locale {
        Locale::En => en,
        Locale::Ru => ru,
    }
}

fn news(locale: Locale, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Act(Note::RefuseNews) => say(
            locale,
            "From now on, no news and offers are sent to your address. Letters about the service itself still are.",
            "С этого момента новости и предложения на ваш адрес не отправляются. Письма о работе самого сервиса приходят по-прежнему.",
        ),
        Outcome::Act(Note::WithdrawConsent) => say(
            locale,
            "If your address is that of an account, its data is not used from now on. A letter of its own says when it will be destroyed, and has a link to take that back. The time counts from the moment your letter was received.",
            "Если ваш адрес относится к учётной записи, её данные с этого момента не используются. Когда они будут уничтожены, сказано в отдельном письме; в нём есть ссылка, чтобы это отменить. Срок считается с момента получения вашего письма.",
        ),
        Outcome::Act(Note::UpdateData) => say(
            locale,
            "If your address is that of an account, a link has been sent to it in a letter of its own. A letter changes nothing by itself: open the link, sign in, and say what should stand.",
            "Если ваш адрес относится к учётной записи, на него отправлена ссылка в отдельном письме. Само письмо ничего не изменяет: откройте ссылку, войдите и укажите, что должно быть записано.",
        ),
        Outcome::Quarantine | Outcome::File(_) | Outcome::Person(_) => {
            say(locale, "Your letter was received.", "Ваше письмо получено.")
        }
    }
}

fn by_a_person(locale: Locale, day: Timestamp) -> String {
    let day = day.strftime("%Y-%m-%d");
    match locale {
        Locale::En => format!("A person will read it and answer you by {day}."),
        Locale::Ru => format!("Его прочитает сотрудник и ответит вам не позднее {day}."),
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
