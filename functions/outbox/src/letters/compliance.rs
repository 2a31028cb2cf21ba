//! Disclosures, transfers of the business, incidents and claims (clauses 5.5 to 5.9, 8.2).

use domain::{
    compliance::{disclosure::GroundKind, transfer::Terms},
    data_map::what_we_hold,
    ids::{ClaimId, DisclosureId, IncidentId},
    processing::Category,
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

/// What an acquirer gets, in words. No hash of a password or of an address is ever in it.
fn categories(desk: &Desk<'_>, terms: &Terms) -> String {
    let in_words = |category: &Category| match category {
        Category::Account => desk.say(
            "your account: its number, when you signed up and in, your workspaces",
            "ваша учётная запись: её номер, время регистрации и входов, рабочие области",
        ),
        other => {
            let statements = what_we_hold(&[*other], desk.locale);
            statements.iter().map(|one| one.what).collect()
        }
    };
    let words: Vec<String> = terms.categories.iter().map(in_words).collect();
    words.join("; ")
}

pub fn transfer(
    desk: &Desk<'_>,
    transfer: DisclosureId,
    terms: &Terms,
    object_until: Timestamp,
) -> Draft {
    let public_url = &desk.house.public_url;
    let privacy = &desk.house.privacy_address;
    Draft::new(desk.say(
        "Your data and the sale of our business",
        "Ваши данные и продажа нашего бизнеса",
    ))
    .text(desk.say(
        "Our business is being sold. Personal data of yours will be passed to the acquirer named below, which takes over our duties towards you, unless you object.",
        "Наш бизнес продаётся. Ваши персональные данные будут переданы указанному ниже приобретателю, к которому переходят наши обязанности перед вами, если вы не возразите.",
    ))
    .facts(vec![
        number(desk, transfer),
        (
            desk.say("Acquirer", "Приобретатель"),
            terms.counterparty.reveal().to_owned(),
        ),
        (
            desk.say("Its address", "Адрес приобретателя"),
            terms.address.reveal().to_owned(),
        ),
        (
            desk.say("Ground", "Основание"),
            terms.law.as_str().to_owned(),
        ),
        (desk.say("Data", "Данные"), categories(desk, terms)),
        (
            desk.say("You may object until", "Возразить можно до"),
            desk.time(object_until),
        ),
    ])
    .text(desk.say(
        format!("You need not give a reason. Object in your account ({public_url}/me/business-transfers), or write to {privacy} from this address and name the number above. Data whose processing you have restricted, or for which you have withdrawn your consent, is not passed on."),
        format!("Причину указывать не нужно. Возразите в учётной записи ({public_url}/me/business-transfers) или напишите с этого адреса на {privacy}, указав номер выше. Данные, обработка которых ограничена по вашему требованию или согласие на обработку которых отозвано, не передаются."),
    ))
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
