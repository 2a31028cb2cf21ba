//! Receipts of consents (clause 2.2).

use super::{Desk, Draft, Receipt, format};

fn facts(desk: &Desk<'_>, receipt: &Receipt) -> Vec<(String, String)> {
    let Receipt {
        document,
        version,
        sha256,
        given,
        at,
    } = receipt;
    let when = if *given {
        desk.say("Given", "Дано")
    } else {
        desk.say("Withdrawn", "Отозвано")
    };
    let public_url = &desk.house.public_url;
    vec![
        (
            desk.say("Document", "Документ"),
            format::document(document, desk.locale),
        ),
        (desk.say("Version", "Версия"), version.clone()),
        (
            desk.say("Text", "Текст"),
            format!("{public_url}/policies/{document}/versions/{version}"),
        ),
        (
            desk.say("SHA-256 of the text", "SHA-256 текста"),
            sha256.clone(),
        ),
        (when, desk.time(*at)),
    ]
}

/// Adds what the person agreed to when they signed up.
pub fn receipts(draft: Draft, desk: &Desk<'_>) -> Draft {
    if desk.receipts.is_empty() {
        return draft;
    }
    let draft = draft.text(desk.say(
        "What you agreed to at the sign-up. Keep this letter as your receipt.",
        "На что вы согласились при регистрации. Сохраните это письмо как подтверждение.",
    ));
    desk.receipts
        .iter()
        .fold(draft, |draft, receipt| draft.facts(facts(desk, receipt)))
}

pub fn changed(desk: &Desk<'_>, receipt: &Receipt) -> Draft {
    let (subject, text) = if receipt.given {
        (
            desk.say("Receipt: you gave a consent", "Подтверждение: вы дали согласие"),
            desk.say(
                "This is the receipt of a consent that you gave. You can withdraw it at any time on the page of your consents.",
                "Это подтверждение данного вами согласия. Вы можете в любое время отозвать его на странице согласий.",
            ),
        )
    } else {
        (
            desk.say("Receipt: you withdrew a consent", "Подтверждение: вы отозвали согласие"),
            desk.say(
                "This is the receipt of a consent that you withdrew. It counts from the time below.",
                "Это подтверждение того, что вы отозвали согласие. Отзыв действует с указанного времени.",
            ),
        )
    };
    Draft::new(subject).text(text).facts(facts(desk, receipt))
}
