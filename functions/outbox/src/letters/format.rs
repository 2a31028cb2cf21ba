//! Times, amounts and other values in a reader's language.

use domain::{consent::ConsentPurpose, policy::Locale, request::RequestKind, time::Timestamp};
use jiff::tz::TimeZone;

/// One of two texts.
pub fn say(locale: Locale, en: impl Into<String>, ru: impl Into<String>) -> String {
    match locale {
        Locale::En => en.into(),
        Locale::Ru => ru.into(),
    }
}

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_RU: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// A time to the minute, in UTC: `22 November 2026, 09:05 (UTC)`.
pub fn time(at: Timestamp, locale: Locale) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    let month = usize::try_from(at.month() - 1).unwrap_or_default();
    let (day, year, hour, minute) = (at.day(), at.year(), at.hour(), at.minute());
    match locale {
        Locale::En => format!(
            "{day} {} {year}, {hour:02}:{minute:02} (UTC)",
            MONTHS_EN[month]
        ),
        Locale::Ru => format!(
            "{day} {} {year} г., {hour:02}:{minute:02} (UTC)",
            MONTHS_RU[month]
        ),
    }
}

/// ISO 4217: currencies without a smaller unit.
const WITHOUT_MINOR: [&str; 15] = [
    "bif", "clp", "djf", "gnf", "isk", "jpy", "kmf", "krw", "pyg", "rwf", "ugx", "vnd", "vuv",
    "xaf", "xof",
];

/// An amount that is given in the currency's smallest unit: `19.90 EUR`.
pub fn money(amount_minor: u64, currency: &str, locale: Locale) -> String {
    let code = currency.to_uppercase();
    if WITHOUT_MINOR.contains(&currency.to_lowercase().as_str()) {
        return format!("{amount_minor} {code}");
    }
    let (whole, part) = (amount_minor / 100, amount_minor % 100);
    match locale {
        Locale::En => format!("{whole}.{part:02} {code}"),
        Locale::Ru => format!("{whole},{part:02} {code}"),
    }
}

/// What a request asks for, as the middle of a sentence names it.
pub fn request_kind(kind: RequestKind, locale: Locale) -> String {
    match kind {
        RequestKind::Access => say(
            locale,
            "a copy of your personal data",
            "копия ваших персональных данных",
        ),
        RequestKind::Rectification => say(
            locale,
            "correction of your personal data",
            "исправление ваших персональных данных",
        ),
        RequestKind::Restriction => say(
            locale,
            "restriction of processing",
            "блокирование ваших персональных данных",
        ),
        RequestKind::Erasure => say(
            locale,
            "destruction of your personal data",
            "уничтожение ваших персональных данных",
        ),
        RequestKind::Objection => say(
            locale,
            "an end to processing that you object to",
            "прекращение обработки, против которой вы возражаете",
        ),
        RequestKind::Withdrawal => say(
            locale,
            "withdrawal of your consents",
            "отзыв ваших согласий",
        ),
        RequestKind::Portability => say(
            locale,
            "your personal data in a machine-readable form",
            "ваши персональные данные в машиночитаемом виде",
        ),
    }
}

/// The title of a document.
pub fn document(name: &str, locale: Locale) -> String {
    match ConsentPurpose::of_document(name) {
        Some(ConsentPurpose::Processing) => say(
            locale,
            "Consent to the processing of personal data",
            "Согласие на обработку персональных данных",
        ),
        Some(ConsentPurpose::Marketing) => say(
            locale,
            "Consent to news and special offers",
            "Согласие на получение новостей и специальных предложений",
        ),
        Some(ConsentPurpose::Transfer) => say(
            locale,
            "Consent to transfer and remarketing",
            "Согласие на передачу данных и ремаркетинг",
        ),
        None if name == "privacy-policy" => {
            say(locale, "Privacy Policy", "Политика конфиденциальности")
        }
        None if name == "terms" => say(locale, "Terms of Service", "Пользовательское соглашение"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_read_as_people_write_them() {
        let at: Timestamp = "2026-02-03T04:05:06Z".parse().unwrap();
        assert_eq!(time(at, Locale::En), "3 February 2026, 04:05 (UTC)");
        assert_eq!(time(at, Locale::Ru), "3 февраля 2026 г., 04:05 (UTC)");
        assert_eq!(money(199_005, "rub", Locale::Ru), "1990,05 RUB");
        assert_eq!(money(1990, "eur", Locale::En), "19.90 EUR");
        assert_eq!(money(500, "jpy", Locale::En), "500 JPY");
    }
}
