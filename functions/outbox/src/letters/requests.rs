//! Requests of data subjects (clauses 6.3, 6.7, 5.2b).

use domain::{
    ids::{CaseId, RequestId},
    opendsr::ControllerId,
    request::{Applicant, RequestKind},
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

/// The controllers' names, as they are registered here.
fn passed_on_by(controllers: &[ControllerId]) -> Option<String> {
    let names: Vec<&str> = controllers.iter().map(ControllerId::as_str).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

pub fn link(
    desk: &Desk<'_>,
    link: &str,
    request: RequestId,
    kind: RequestKind,
    expires_at: Timestamp,
    controllers: &[ControllerId],
) -> Draft {
    let end = desk.time(expires_at);
    let facts = facts(desk, request, Some(kind));
    let mut draft = Draft::new(desk.say("Confirm your request", "Подтвердите ваш запрос"))
        .text(desk.say(
            "A request about your personal data reached us with this address. Confirm that it is yours, so that we can carry it out.",
            "С этим адресом к нам поступил запрос о ваших персональных данных. Подтвердите, что он ваш, чтобы мы могли его выполнить.",
        ));
    draft = match passed_on_by(controllers) {
        None => draft.facts(facts),
        Some(names) => draft
            .facts(with(
                facts,
                desk.say("Passed on to us by", "Запрос передан нам от"),
                names,
            ))
            .text(desk.say(
                "Once you confirm it, whoever passed it on learns what becomes of it. Until then they don't learn whether we know you.",
                "После подтверждения тот, кто передал запрос, узнает, чем он закончился. До этого ему не станет известно, знаем ли мы вас.",
            )),
    };
    draft
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
            "We received your request about your personal data. Its time counts from its receipt.",
            "Мы получили ваш запрос о персональных данных. Срок ответа идёт с момента его получения.",
        ))
        .facts(facts)
        .text(desk.say(
            "We make sure that it is you who asks, decide, and answer by this time. If we need longer or must refuse, we tell you why before then.",
            "Мы убедимся, что запрос исходит от вас, примем решение и ответим к этому сроку. Если понадобится больше времени или придётся отказать, мы заранее объясним причину.",
        ));
    if kind.stops_processing() {
        return draft.text(desk.say(
            "From now on we only store your data and work on this request.",
            "С этого момента мы только храним ваши данные и работаем с этим запросом.",
        ));
    }
    draft
}

pub fn by_letter(
    desk: &Desk<'_>,
    link: &str,
    request: RequestId,
    destruction_at: Timestamp,
) -> Draft {
    let facts = with(
        facts(desk, request, Some(RequestKind::Withdrawal)),
        desk.say("Your data is destroyed from", "Уничтожение данных начнётся"),
        desk.time(destruction_at),
    );
    Draft::new(desk.say("We stopped using your data", "Мы прекратили использовать ваши данные"))
        .text(desk.say(
            "A letter from your address withdraws your consent to the processing of your personal data. We stopped using your data at once, and will destroy it, your account and what only you have in it.",
            "В письме с вашего адреса отозвано согласие на обработку персональных данных. Мы сразу прекратили использовать ваши данные и уничтожим их вместе с учётной записью и всем, что есть в ней только у вас.",
        ))
        .facts(facts)
        .text(desk.say(
            "If it was not you, or if you have changed your mind, take the withdrawal back before then. Your consents stay withdrawn until you give them again.",
            "Если это были не вы или вы передумали, отмените отзыв до этого времени. Согласия останутся отозванными, пока вы не дадите их снова.",
        ))
        .action(desk.say("Keep my data", "Сохранить мои данные"), link)
}

pub fn entered(
    desk: &Desk<'_>,
    request: RequestId,
    by: Applicant,
    received_at: Timestamp,
) -> Draft {
    let facts = with(
        facts(desk, request, None),
        desk.say("Restricted from", "Ограничено с"),
        desk.time(received_at),
    );
    let who = match by {
        Applicant::Representative => desk.say(
            "Somebody who showed us a mandate as your legal representative asked us to restrict the processing of your personal data while it is checked.",
            "Лицо, предъявившее нам полномочия вашего законного представителя, попросило ограничить обработку ваших персональных данных на время проверки.",
        ),
        Applicant::Authority => desk.say(
            "An authority asked us to restrict the processing of your personal data while it is checked.",
            "Уполномоченный орган потребовал ограничить обработку ваших персональных данных на время проверки.",
        ),
    };
    Draft::new(desk.say("Processing of your data is restricted", "Обработка ваших данных ограничена"))
        .text(who)
        .facts(facts)
        .text(desk.say(
            "Until the check ends we only store your data and work on this request. Sign in to read on what it rests, on the page of the request. If you know nothing of it, write to us.",
            "До конца проверки мы только храним ваши данные и работаем с этим запросом. Войдите, чтобы прочитать на странице запроса, на чём он основан. Если вам о нём ничего не известно, напишите нам.",
        ))
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
            "The check of your data is done, and the restriction that it needed is lifted.",
            "Проверка ваших данных завершена, и ограничение их обработки снято.",
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
