//! Disclosures, incidents and claims (clauses 5.5 to 5.9, 8.2).

use domain::{
    compliance::disclosure::GroundKind,
    ids::{ClaimId, DisclosureId, IncidentId},
    time::Timestamp,
};

use super::{Desk, Draft};

fn number(desk: &Desk<'_>, id: impl ToString) -> (String, String) {
    (desk.say("Number", "Номер"), id.to_string())
}

fn ground(desk: &Desk<'_>, ground: GroundKind) -> String {
    match ground {
        GroundKind::Authority => desk.say(
            "a demand of an authority or a court under law",
            "требование государственного органа или суда по закону",
        ),
        GroundKind::ThirdParty => desk.say(
            "a third party needs it for the service",
            "данные нужны третьему лицу для оказания услуги",
        ),
        GroundKind::Investigation => desk.say(
            "an investigation or a complaint",
            "расследование или рассмотрение жалобы",
        ),
    }
}

pub fn disclosed(
    desk: &Desk<'_>,
    disclosure: DisclosureId,
    kind: GroundKind,
    at: Timestamp,
) -> Draft {
    Draft::new(desk.say("Your data was disclosed", "Ваши данные были раскрыты"))
        .text(desk.say(
            "We disclosed personal data of yours, on the ground below. To learn which data and to whom, ask for a copy of your data or answer this letter.",
            "Мы раскрыли ваши персональные данные на указанном основании. Чтобы узнать, какие и кому, запросите копию своих данных или ответьте на это письмо.",
        ))
        .facts(vec![
            number(desk, disclosure),
            (
                desk.say("Ground", "Основание"),
                format!("{} ({})", ground(desk, kind), kind.clause()),
            ),
            (desk.say("Disclosed", "Раскрыты"), desk.time(at)),
        ])
}

pub fn incident(desk: &Desk<'_>, incident: IncidentId, known_at: Timestamp) -> Draft {
    Draft::new(desk.say(
        "An incident concerns your data",
        "Инцидент затронул ваши данные",
    ))
    .text(desk.say(
        "Somebody reached personal data of yours without being allowed to. We have told, or are telling, the authorities.",
        "Кто-то получил доступ к вашим персональным данным, не имея на это права. Мы сообщаем об этом уполномоченным органам.",
    ))
    .text(desk.say(
        "Change your password, and be wary of letters that ask for personal data in our name. Answer this letter with any question.",
        "Смените пароль и с осторожностью относитесь к письмам, которые от нашего имени просят персональные данные. С любым вопросом ответьте на это письмо.",
    ))
    .facts(vec![
        number(desk, incident),
        (
            desk.say("Known to us since", "Известно нам с"),
            desk.time(known_at),
        ),
    ])
}

pub fn claim_received(desk: &Desk<'_>, claim: ClaimId, due_at: Timestamp) -> Draft {
    Draft::new(desk.say("We received your claim", "Мы получили вашу претензию"))
        .text(desk.say(
            "We received your claim and answer it electronically within 30 calendar days of its receipt.",
            "Мы получили вашу претензию и ответим на неё в электронной форме в течение 30 календарных дней с её получения.",
        ))
        .facts(vec![
            number(desk, claim),
            (desk.say("Answer due by", "Срок ответа"), desk.time(due_at)),
        ])
}

pub fn claim_answered(desk: &Desk<'_>, claim: ClaimId) -> Draft {
    Draft::new(desk.say("Your claim was answered", "На вашу претензию дан ответ"))
        .text(desk.say(
            "Sign in to read the answer on the page of the claim.",
            "Войдите, чтобы прочитать ответ на странице претензии.",
        ))
        .facts(vec![number(desk, claim)])
}
