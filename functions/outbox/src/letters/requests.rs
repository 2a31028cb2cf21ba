//! Requests of data subjects (clauses 6.3, 6.7, 5.2b).

use domain::{
    ids::{CaseId, RequestId},
    request::RequestKind,
    time::Timestamp,
};

use super::{Desk, Draft, format::request_kind};

fn facts(desk: &Desk<'_>, request: RequestId, kind: Option<RequestKind>) -> Vec<(String, String)> {
    let mut facts = vec![(
        desk.say("Number of the request", "Номер запроса"),
        request.to_string(),
    )];
    if let Some(kind) = kind {
        facts.push((
            desk.say("You ask for", "Вы просите"),
            request_kind(kind, desk.locale),
        ));
    }
    facts
}

fn with(mut facts: Vec<(String, String)>, name: String, value: String) -> Vec<(String, String)> {
    facts.push((name, value));
    facts
}

pub fn link(
    desk: &Desk<'_>,
    link: &str,
    request: RequestId,
    kind: RequestKind,
    expires_at: Timestamp,
) -> Draft {
    let end = desk.time(expires_at);
    Draft::new(desk.say("Confirm your request", "Подтвердите ваш запрос"))
        .text(desk.say(
            "A request about your personal data reached us with this address. Confirm that it is yours, so that we can carry it out.",
            "С этим адресом к нам поступил запрос о ваших персональных данных. Подтвердите, что он ваш, чтобы мы могли его выполнить.",
        ))
        .facts(facts(desk, request, Some(kind)))
        .action(desk.say("Confirm the request", "Подтвердить запрос"), link)
        .fine(desk.say(
            format!("The link works once, until {end}. If it was not you, ignore this letter: nothing happens."),
            format!("Ссылка действует один раз, до {end}. Если это были не вы, не обращайте внимания на это письмо: ничего не произойдёт."),
        ))
}

pub fn received(
    desk: &Desk<'_>,
    request: RequestId,
    kind: RequestKind,
    due_at: Timestamp,
) -> Draft {
    let due = desk.time(due_at);
    let facts = with(
        facts(desk, request, Some(kind)),
        desk.say("Answer due by", "Срок ответа"),
        due,
    );
    let draft = Draft::new(desk.say("We received your request", "Мы получили ваш запрос"))
        .text(desk.say(
            "We received your request about your personal data. Its time counts from now.",
            "Мы получили ваш запрос о персональных данных. Срок ответа уже идёт.",
        ))
        .facts(facts);
    if kind.stops_processing() {
        return draft.text(desk.say(
            "From now on we only store your data and work on this request.",
            "С этого момента мы только храним ваши данные и работаем с этим запросом.",
        ));
    }
    draft
}

pub fn extended(desk: &Desk<'_>, request: RequestId, due_at: Timestamp) -> Draft {
    let facts = with(
        facts(desk, request, None),
        desk.say("New deadline", "Новый срок"),
        desk.time(due_at),
    );
    Draft::new(desk.say("We need more time for your request", "Нам нужно больше времени на ваш запрос"))
        .text(desk.say(
            "The law lets us take longer in cases like yours. Sign in to read the reason on the page of the request.",
            "Закон позволяет продлить срок в таких случаях. Войдите, чтобы прочитать причину на странице запроса.",
        ))
        .facts(facts)
}

pub fn refused(desk: &Desk<'_>, request: RequestId, kind: RequestKind, ground: &str) -> Draft {
    let facts = with(
        facts(desk, request, Some(kind)),
        desk.say("Ground", "Основание"),
        ground.to_owned(),
    );
    Draft::new(desk.say("Your request was refused", "В вашем запросе отказано"))
        .text(desk.say(
            "We can't do what you ask, on the ground below. Sign in to read the reasons, and how to complain, on the page of the request.",
            "Мы не можем выполнить ваш запрос по указанному основанию. Войдите, чтобы прочитать причины и порядок обжалования на странице запроса.",
        ))
        .facts(facts)
}

pub fn completed(desk: &Desk<'_>, request: RequestId, kind: RequestKind) -> Draft {
    let text = match kind {
        RequestKind::Access | RequestKind::Portability => desk.say(
            "Your copy is ready. Sign in to download it; it is kept for seven days.",
            "Копия готова. Войдите, чтобы скачать её; она хранится семь дней.",
        ),
        RequestKind::Rectification => desk.say(
            "Your data was corrected as you asked.",
            "Ваши данные исправлены, как вы просили.",
        ),
        RequestKind::Restriction => desk.say(
            "The check that you asked for is done, and the restriction that it needed is lifted.",
            "Проверка, о которой вы просили, завершена, и блокирование на её время снято.",
        ),
        RequestKind::Erasure | RequestKind::Withdrawal => desk.say(
            "Your data was destroyed as you asked.",
            "Ваши данные уничтожены, как вы просили.",
        ),
        RequestKind::Objection => desk.say(
            "We stopped the processing that you object to.",
            "Мы прекратили обработку, против которой вы возражаете.",
        ),
    };
    Draft::new(desk.say("Your request was carried out", "Ваш запрос выполнен"))
        .text(text)
        .facts(facts(desk, request, Some(kind)))
}

pub fn erasure_begins(desk: &Desk<'_>, case: CaseId) -> Draft {
    let certificate = format!("{}/certificates/{case}", desk.house.public_url);
    Draft::new(desk.say("Your data is being destroyed", "Ваши данные уничтожаются"))
        .text(desk.say(
            "The destruction of your personal data begins now. This is the last letter to you: when it is done we no longer know your address.",
            "Начинается уничтожение ваших персональных данных. Это последнее письмо вам: после уничтожения мы не будем знать ваш адрес.",
        ))
        .text(desk.say(
            "When it is done, its signed certificate stands at this address. Nobody but you has it, and it says nothing about you.",
            "Когда оно завершится, подписанный акт будет по этому адресу. Он есть только у вас, и о вас в нём ничего не сказано.",
        ))
        .action(desk.say("Open the certificate", "Открыть акт"), certificate)
}
