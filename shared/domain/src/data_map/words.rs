//! The data map in words that people read, in both languages of the policy.

use super::{LegalBasis, Source};
use crate::{
    policy::Locale,
    processing::{Category, Purpose},
};

/// One text in both languages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    en: &'static str,
    ru: &'static str,
}

impl Words {
    const fn new(en: &'static str, ru: &'static str) -> Self {
        Self { en, ru }
    }

    pub fn say(self, locale: Locale) -> &'static str {
        match locale {
            Locale::En => self.en,
            Locale::Ru => self.ru,
        }
    }
}

/// What a category is.
pub(super) fn category(category: Category) -> Words {
    let of = Words::new;
    match category {
        Category::Identity => of("your name", "ваше имя"),
        Category::Contact => of(
            "your e-mail address and phone number",
            "ваш адрес электронной почты и номер телефона",
        ),
        Category::Employment => of("your company and position", "ваша компания и должность"),
        Category::Account => of(
            "what your sign-in needs: a hash of your password, keyed hashes of your address and company, your sessions, mailed links and memberships",
            "то, что нужно для входа: хеш пароля, хеши адреса и компании с ключом, сеансы, отправленные ссылки и участие в рабочих областях",
        ),
        Category::ConsentEvidence => of(
            "proof of your consents: which text, when, and the network address and browser at that moment",
            "доказательства ваших согласий: какой текст, когда, сетевой адрес и браузер в тот момент",
        ),
        Category::Request => of(
            "your requests about your data, and our answers",
            "ваши запросы о ваших данных и наши ответы",
        ),
        Category::Correspondence => of("correspondence with you", "переписка с вами"),
        Category::Visit => of(
            "your visits: network address, browser, time, and the site that you came from",
            "ваши посещения: сетевой адрес, браузер, время и сайт, с которого вы пришли",
        ),
        Category::OtherTechnical => of(
            "other technical information, such as counters that limit attempts",
            "иная техническая информация, например счётчики, ограничивающие число попыток",
        ),
        Category::Survey => of(
            "your answers to surveys under your name",
            "ваши неанонимные ответы на опросы",
        ),
        Category::Verification => of(
            "what we had to ask for in order to answer you",
            "то, что нам пришлось запросить, чтобы ответить вам",
        ),
        Category::Payment => of(
            "what the payment provider tells us of payments, without card data",
            "то, что платёжная система сообщает нам о платежах, без данных карты",
        ),
        Category::Authorship => of(
            "which assets of the company you uploaded",
            "какие файлы компании загрузили вы",
        ),
        Category::ActionLog => of(
            "the log of actions with your data, under a pseudonym",
            "журнал действий с вашими данными, под псевдонимом",
        ),
        Category::Suppression => of(
            "a keyed hash of your address, because you refused advertising",
            "хеш вашего адреса с ключом, поскольку вы отказались от рекламы",
        ),
        Category::TrialRecord => of(
            "keyed hashes of your address and company, because they had a trial",
            "хеши вашего адреса и компании с ключом, поскольку у них был пробный период",
        ),
        Category::Disclosure => of(
            "the register of whom your data was disclosed to, and why",
            "реестр того, кому и почему раскрывались ваши данные",
        ),
        Category::DestructionAct => of(
            "the act of destruction of your data, with the export of the event log",
            "акт об уничтожении ваших данных с выгрузкой из журнала событий",
        ),
        Category::RequestLog => of(
            "the log of requests under the CCPA",
            "журнал запросов по CCPA",
        ),
    }
}

/// What a purpose is.
pub(super) fn purpose(purpose: Purpose) -> Words {
    let of = Words::new;
    match purpose {
        Purpose::Identify => of("to recognise you", "чтобы узнавать вас"),
        Purpose::ProvideService => of("to provide the service", "чтобы оказывать услугу"),
        Purpose::Payment => of(
            "to take payment and give receipts",
            "чтобы принимать оплату и выдавать чеки",
        ),
        Purpose::PaymentDispute => of(
            "to answer disputed payments",
            "чтобы отвечать на споры о платежах",
        ),
        Purpose::Feedback => of(
            "to write to you and to answer your requests",
            "чтобы писать вам и отвечать на ваши запросы",
        ),
        Purpose::Accuracy => of(
            "to keep your data accurate and complete",
            "чтобы данные были точными и полными",
        ),
        Purpose::Support => of("to help you", "чтобы помогать вам"),
        Purpose::Marketing => of(
            "to send you news and offers",
            "чтобы присылать вам новости и предложения",
        ),
        Purpose::AdTargeting => of(
            "to show advertising that suits you",
            "чтобы показывать подходящую вам рекламу",
        ),
        Purpose::AnonymousStats => of(
            "to count visits without persons",
            "чтобы считать посещения без привязки к людям",
        ),
        Purpose::Security => of(
            "to protect the service and its users",
            "чтобы защищать сервис и его пользователей",
        ),
    }
}

/// What a basis is.
pub(super) fn basis(basis: LegalBasis) -> Words {
    let of = Words::new;
    match basis {
        LegalBasis::Consent => of("your consent", "ваше согласие"),
        LegalBasis::SeparateConsent => of("your separate consent", "ваше отдельное согласие"),
        LegalBasis::Contract => of("the contract with you", "договор с вами"),
        LegalBasis::LegalDuty => of("a duty under law", "обязанность по закону"),
        LegalBasis::LegitimateInterest => of("lawful interests", "законные интересы"),
        LegalBasis::Anonymous => of(
            "no personal data is kept",
            "персональные данные не хранятся",
        ),
    }
}

/// What a source is.
pub(super) fn source(source: Source) -> Words {
    let of = Words::new;
    match source {
        Source::Subject => of("you", "вы"),
        Source::Service => of(
            "the service, while serving you",
            "сервис, в ходе вашего обслуживания",
        ),
        Source::Provider => of("the payment provider", "платёжная система"),
    }
}

impl Source {
    /// For people.
    #[must_use]
    pub fn in_words(self, locale: Locale) -> &'static str {
        source(self).say(locale)
    }
}
