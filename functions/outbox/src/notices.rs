//! Letters to processors: that a person whose data they were given was erased or
//! corrected (clauses 5.2b, 5.6, 6.3b). They name the person by the ids that the
//! processor knows, and by nothing else.

use domain::{
    compliance::processor::{Processor, Transfer},
    ids::NoticeId,
    ledger::Entry,
    policy::Locale,
    processing::{Actor, Category, Operation, Purpose},
};
use platform::mail::MailError;
use store::compliance::Notice;

use crate::{
    App,
    deliver::DeliveryError,
    letters::{Desk, Frame, recipients},
};

const LETTER: Transfer<'static> = Transfer {
    to: Processor::AwsMail,
    purpose: Purpose::Feedback,
    categories: &[Category::Correspondence],
};

/// Sends the letter of a notice, unless it has gone or was answered. Returns what
/// the ledger says of it.
pub async fn send(app: &App, id: NoticeId) -> Result<Option<Entry>, DeliveryError> {
    let waits = |notice: &Notice| {
        let progress = &notice.progress;
        progress.written_at().is_none() && progress.answered_at().is_none()
    };
    let Some(notice) = app.db.notice(id).await?.filter(waits) else {
        return Ok(None);
    };
    let Some((processor, address)) = notice.addressee() else {
        return Ok(None);
    };
    let now = app.clock.now();
    let entry = |event| {
        let entry = notice.entry(Actor::System, event, now);
        LETTER.within(entry, Operation::Use)
    };
    let sent = entry("notice.sent")?;
    match app
        .mailer
        .send(&address, &write(app, &notice, processor), &[])
        .await
    {
        Ok(message) => {
            app.db.notice_written(&notice, now).await?;
            Ok(Some(sent.with_fact("ses_message_id", message)))
        }
        Err(MailError::Refused(code)) => {
            platform::alarm!("notice_refused", notice = %id, code, "a processor must be written to by hand");
            Ok(Some(entry("notice.refused")?.with_fact("code", code)))
        }
        Err(error) => Err(error.into()),
    }
}

fn write(app: &App, notice: &Notice, processor: Processor) -> platform::mail::Letter {
    let locale = match processor.registered().country {
        "RU" => Locale::Ru,
        _ => Locale::En,
    };
    let desk = Desk {
        house: &app.house,
        locale,
        secret: None,
        receipts: Vec::new(),
    };
    let draft = recipients::request(
        &desk,
        &recipients::Request {
            number: notice.id.to_string(),
            matter: notice.progress.matter(),
            references: &notice.references,
            due_at: notice.progress.due_at(),
        },
    );
    let frame = Frame {
        locale,
        name: None,
        operator: &app.house.operator,
        privacy_address: &app.house.privacy_address,
        unsubscribe: None,
    };
    frame.render(&draft)
}
