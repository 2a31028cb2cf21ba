//! Signals that a browser sends: Global Privacy Control (`Sec-GPC`, W3C editor's
//! draft of 3 April 2026) and Do Not Track (`DNT`).

/// Whether a signal is on, by the values of its header. Only exactly `1` says so,
/// anything else is ignored; of several headers one suffices. What stands before us
/// may have joined them by commas (RFC 9110, section 5.3).
pub fn is_on<'a>(values: impl IntoIterator<Item = &'a str>) -> bool {
    values
        .into_iter()
        .flat_map(|value| value.split(','))
        .any(|value| value.trim_matches([' ', '\t']) == "1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_header_of_exactly_one_is_enough() {
        for values in [&["1"][..], &["0", "1"], &["1", "1"], &["0, 1"], &[" 1 "]] {
            assert!(is_on(values.iter().copied()), "{values:?}");
        }
        for values in [
            &[] as &[&str],
            &[""],
            &["0"],
            &["11"],
            &["1.0"],
            &["1;x"],
            &["true"],
            &["0", "?1"],
        ] {
            assert!(!is_on(values.iter().copied()), "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn no_other_value_says_so(value in "[^,]{0,8}") {
            prop_assert_eq!(is_on([value.as_str()]), value.trim_matches([' ', '\t']) == "1");
        }
    }
}
