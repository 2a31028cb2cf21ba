//! Amounts in a currency's smallest unit, and as decimal numbers. How many
//! decimals a currency has is ISO 4217's to say, not always two.

/// Currencies without a smaller unit (ISO 4217).
const NO_DECIMALS: [&str; 16] = [
    "bif", "clp", "djf", "gnf", "isk", "jpy", "kmf", "krw", "pyg", "rwf", "ugx", "uyi", "vnd",
    "vuv", "xaf", "xof",
];
/// Currencies with a thousandth (ISO 4217).
const THREE_DECIMALS: [&str; 7] = ["bhd", "iqd", "jod", "kwd", "lyd", "omr", "tnd"];

/// How many decimals an amount in whole units of the currency has.
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    let currency = currency.to_ascii_lowercase();
    if NO_DECIMALS.contains(&currency.as_str()) {
        0
    } else if THREE_DECIMALS.contains(&currency.as_str()) {
        3
    } else {
        2
    }
}

/// An amount as a decimal number: 99000 in `rub` is `990.00`, 500 in `jpy` is `500`.
#[must_use]
pub fn decimal(amount_minor: u64, currency: &str) -> String {
    let places = decimals(currency);
    if places == 0 {
        return amount_minor.to_string();
    }
    let unit = 10_u64.pow(places);
    let width = places as usize;
    format!("{}.{:0width$}", amount_minor / unit, amount_minor % unit)
}

/// A decimal number in the currency's smallest unit: `990.00` and `990` in
/// `rub` are 99000. `None` for what is no amount, too large, or finer than the
/// currency; zeros that add nothing (`500.00` in `jpy`) are taken.
#[must_use]
pub fn minor(text: &str, currency: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let missing_part = text.contains('.') && part.is_empty();
    if whole.is_empty() || missing_part || !digits(whole) || !digits(part) {
        return None;
    }
    let places = decimals(currency) as usize;
    let (kept, finer) = part.split_at(part.len().min(places));
    if finer.bytes().any(|b| b != b'0') {
        return None;
    }
    format!("{whole}{kept:0<places$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_currency_has_its_own_decimals() {
        assert_eq!(decimal(99_000, "rub"), "990.00");
        assert_eq!(decimal(5, "USD"), "0.05");
        assert_eq!(decimal(500, "jpy"), "500");
        assert_eq!(decimal(1_234, "kwd"), "1.234");
        assert_eq!(minor("990.00", "rub"), Some(99_000));
        assert_eq!(minor("990", "RUB"), Some(99_000));
        assert_eq!(minor("990.5", "rub"), Some(99_050));
        assert_eq!(minor("500.00", "JPY"), Some(500));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "", ".", "1.", ".5", "-1.00", "+1.00", "1.005", "1,00", "1.0.0", "1e3", " 1.00",
        ] {
            assert_eq!(minor(text, "rub"), None, "{text:?}");
        }
        assert_eq!(minor("0.50", "jpy"), None);
        assert_eq!(minor("184467440737095516.16", "rub"), None);
    }

    proptest! {
        #[test]
        fn an_amount_reads_as_it_was_written(
            amount in any::<u64>(),
            currency in prop::sample::select(vec!["rub", "usd", "jpy", "kwd", "krw", "tnd"]),
        ) {
            prop_assert_eq!(minor(&decimal(amount, currency), currency), Some(amount));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = minor(&text, "rub");
        }
    }
}
