//! A visit as clause 3.4 lists it: four fields, and nothing else.

use std::fmt;

use crate::time::Timestamp;

/// The longest origin that is kept, in characters: a host name has up to 253.
const LONGEST: usize = 270;

/// One visit. It names no account, and nothing leads from it to one.
#[derive(Clone, PartialEq, Eq)]
pub struct Visit {
    /// The network address, to prevent, detect and solve technical problems only.
    pub address: Option<String>,
    /// The browser's name for itself.
    pub browser: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The origin of the page before ([`origin`]).
    pub origin: Option<String>,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Visit(at {})", self.at)
    }
}

/// An address reduced to its origin: scheme, host and port. Neither its path and
/// query nor a user's name in it are kept; what is no web address has none.
#[must_use]
pub fn origin(referrer: &str) -> Option<String> {
    let (scheme, rest) = referrer.trim().split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority
        .rsplit('@')
        .next()
        .unwrap_or(authority)
        .to_ascii_lowercase();
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let sound = !host.is_empty() && host.len() <= LONGEST && host.chars().all(known);
    sound.then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_scheme_host_and_port_are_left() {
        for (referrer, left) in [
            (
                "https://news.example/a/b?q=secret#part",
                "https://news.example",
            ),
            ("HTTP://News.Example:8080", "http://news.example:8080"),
            ("https://ada:secret@news.example/", "https://news.example"),
            (
                "https://news.example?ada@example.com",
                "https://news.example",
            ),
            ("https://[2001:db8::1]:1/x", "https://[2001:db8::1]:1"),
        ] {
            assert_eq!(origin(referrer).as_deref(), Some(left), "{referrer}");
        }
        for none in [
            "",
            "news.example",
            "mailto:ada@example.com",
            "ftp://a",
            "https://",
            "https:// /",
        ] {
            assert_eq!(origin(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn nothing_behind_the_host_is_left(
            host in "[a-z]{1,8}\\.[a-z]{2,3}", user in "[a-z:@]{0,6}", rest in "[/?#][ -~]{0,40}",
        ) {
            let referrer = format!("https://{user}@{host}{rest}");
            prop_assert_eq!(origin(&referrer), Some(format!("https://{host}")));
        }

        #[test]
        fn any_text_leaves_an_origin_or_nothing(text in "\\PC{0,60}") {
            if let Some(origin) = origin(&text) {
                let host = origin.split_once("://").map_or("", |(_, host)| host);
                prop_assert!(!host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']));
            }
        }
    }
}
