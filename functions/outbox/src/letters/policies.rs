//! New versions of the documents (clauses 2.6, 9.2).

use domain::{
    policy::{self, Name},
    time::Timestamp,
};

use super::{Desk, Draft, format};

fn facts(desk: &Desk<'_>, name: &Name) -> Vec<(String, String)> {
    let Name { document, version } = name;
    let public_url = &desk.house.public_url;
    let mut facts = vec![
        (
            desk.say("Document", "Документ"),
            format::document(document, desk.locale),
        ),
        (desk.say("Version", "Версия"), version.clone()),
    ];
    if let Some(publication) = policy::version(document, version) {
        let from = desk.time(publication.effective_at.into());
        facts.push((desk.say("In force from", "Действует с"), from));
        if let Some(summary) = &publication.summary {
            let changes = summary.text(desk.locale).to_owned();
            facts.push((desk.say("What changes", "Что меняется"), changes));
        }
    }
    facts.push((
        desk.say("Text", "Текст"),
        format!("{public_url}/policies/{document}/versions/{version}"),
    ));
    facts
}

/// What somebody can do who does not agree (2.6).
fn ways_out(draft: Draft, desk: &Desk<'_>) -> Draft {
    let privacy = &desk.house.privacy_address;
    draft.fine(desk.say(
        format!("Who declines a version can still view and download everything, obtain a copy of their data and close the account: by a request in the account, or by a letter to {privacy}. Whoever asks for it has processing stopped at once and the data destroyed in the period of the law."),
        format!("Кто отклонит новую версию, сможет по-прежнему просматривать и скачивать материалы, получить копию своих данных и закрыть учётную запись: запросом в учётной записи или письмом на {privacy}. По такому требованию обработка прекращается сразу, а данные уничтожаются в установленный законом срок."),
    ))
}

/// To everybody who signed up under an earlier version.
pub fn changed(desk: &Desk<'_>, news: &[Name]) -> Draft {
    let draft = Draft::new(desk.say(
        "New versions of our documents",
        "Новые версии наших документов",
    ))
    .text(desk.say(
        "We have published the versions below. The consents that you gave stay bound to the texts to which you gave them; what needs a new consent is not done without it.",
        "Мы опубликовали следующие версии. Данные вами согласия относятся к тем текстам, к которым вы их дали; то, для чего нужно новое согласие, без него не делается.",
    ));
    let draft = news
        .iter()
        .fold(draft, |draft, name| draft.facts(facts(desk, name)));
    ways_out(draft, desk)
}

/// To somebody who has just declined a version.
pub fn declined(desk: &Desk<'_>, name: &Name, at: Timestamp) -> Draft {
    let mut facts = facts(desk, name);
    facts.push((desk.say("Declined", "Отклонена"), desk.time(at)));
    let draft = Draft::new(desk.say(
        "You declined a version of our documents",
        "Вы отклонили версию нашего документа",
    ))
    .text(desk.say(
        "You declined the version below. From now on you can look at and download what is stored, but not change it. You can accept the version at any time and go on as before.",
        "Вы отклонили указанную версию. Теперь вы можете просматривать и скачивать сохранённое, но не изменять его. Вы можете в любое время принять эту версию и продолжить работу.",
    ))
    .facts(facts);
    ways_out(draft, desk)
}
