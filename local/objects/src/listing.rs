//! Listing keys and versions in pages.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use rusqlite::Connection;

use crate::change::seq_of_version_id;
use crate::version::Version;
use crate::{Error, catalog};

/// Which objects to list.
#[derive(Debug, Clone)]
pub(crate) struct ObjectQuery {
    pub prefix: String,
    /// Keys that are equal up to the first of these after the prefix are listed as one.
    pub delimiter: Option<String>,
    /// The least key to list, in the order of UTF-8 bytes.
    pub from: String,
    /// The most entries, common prefixes included.
    pub limit: usize,
}

/// A page of objects.
#[derive(Debug, Default)]
pub(crate) struct ObjectPage {
    pub objects: Vec<Version>,
    pub common_prefixes: BTreeSet<String>,
    /// Where the next page begins, if there is more.
    pub next: Option<String>,
}

/// Lists the newest objects.
pub(crate) fn objects(
    rows: &Connection,
    bucket: &str,
    query: &ObjectQuery,
) -> Result<ObjectPage, Error> {
    let mut page = ObjectPage::default();
    let mut from = Some(query.from.as_str().max(query.prefix.as_str()).to_owned());
    while let Some(start) = from.take() {
        catalog::visit_objects(rows, bucket, &start, |version| {
            if query.limit == 0 || !version.key.starts_with(&query.prefix) {
                return ControlFlow::Break(());
            }
            if page.objects.len() + page.common_prefixes.len() == query.limit {
                page.next = Some(version.key);
                return ControlFlow::Break(());
            }
            match common_prefix(&version.key, query) {
                None => {
                    page.objects.push(version);
                    ControlFlow::Continue(())
                }
                // Go on behind the keys that this one stands for.
                Some(common) => {
                    from = after_prefix(common);
                    page.common_prefixes.insert(common.to_owned());
                    ControlFlow::Break(())
                }
            }
        })?;
    }
    Ok(page)
}

fn common_prefix<'a>(key: &'a str, query: &ObjectQuery) -> Option<&'a str> {
    let delimiter = query
        .delimiter
        .as_deref()
        .filter(|delimiter| !delimiter.is_empty())?;
    let rest = key.get(query.prefix.len()..)?;
    let end = query.prefix.len() + rest.find(delimiter)? + delimiter.len();
    key.get(..end)
}

/// The least key after `key`.
pub(crate) fn after_key(key: &str) -> String {
    format!("{key}\0")
}

/// The least key after all that begin with `prefix`; `None` if there can be no other.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The range skips the surrogates, which are no characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// Which versions to list.
#[derive(Debug)]
pub(crate) struct VersionQuery {
    pub prefix: String,
    /// List what comes after this key.
    pub key_marker: Option<String>,
    /// And in that key, what is older than this version.
    pub version_marker: Option<String>,
    pub limit: usize,
}

/// A page of versions and delete markers.
#[derive(Debug, Default)]
pub(crate) struct VersionPage {
    pub versions: Vec<Version>,
    pub is_truncated: bool,
}

/// Lists versions by key, newest first.
pub(crate) fn versions(
    rows: &Connection,
    bucket: &str,
    query: &VersionQuery,
) -> Result<VersionPage, Error> {
    let mut page = VersionPage::default();
    let marker = match (&query.key_marker, &query.version_marker) {
        (None, _) => (String::new(), i64::MAX),
        (Some(key), None) => (after_key(key), i64::MAX),
        (Some(key), Some(version)) => (key.clone(), seq_of_version_id(version)),
    };
    let (from, before) = if marker.0 < query.prefix {
        (query.prefix.clone(), i64::MAX)
    } else {
        marker
    };
    catalog::visit_versions(rows, bucket, &from, before, |version| {
        if query.limit == 0 || !version.key.starts_with(&query.prefix) {
            return ControlFlow::Break(());
        }
        if page.versions.len() == query.limit {
            page.is_truncated = true;
            return ControlFlow::Break(());
        }
        page.versions.push(version);
        ControlFlow::Continue(())
    })?;
    Ok(page)
}

/// All versions of a bucket.
pub(crate) fn all_versions(rows: &Connection, bucket: &str) -> Result<Vec<Version>, Error> {
    let query = VersionQuery {
        prefix: String::new(),
        key_marker: None,
        version_marker: None,
        limit: usize::MAX,
    };
    Ok(versions(rows, bucket, &query)?.versions)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_lies_between_a_prefix_and_what_follows_it(prefix in ".{0,4}", other in ".{0,6}", tail in ".{0,3}") {
            let inside = format!("{prefix}{tail}");
            match after_prefix(&prefix) {
                None => prop_assert!(prefix.chars().all(|character| character == char::MAX)),
                Some(after) => {
                    prop_assert!(inside < after);
                    prop_assert!(!after.starts_with(&prefix) || prefix.is_empty());
                    let outside_and_greater = other > prefix && !other.starts_with(&prefix);
                    prop_assert!(!outside_and_greater || other >= after);
                }
            }
        }
    }

    #[test]
    fn the_first_delimiter_after_the_prefix_counts() {
        let query = |prefix: &str, delimiter: &str| ObjectQuery {
            prefix: prefix.to_owned(),
            delimiter: Some(delimiter.to_owned()),
            from: String::new(),
            limit: 10,
        };
        assert_eq!(common_prefix("a/b/c", &query("", "/")), Some("a/"));
        assert_eq!(common_prefix("a/b/c", &query("a/", "/")), Some("a/b/"));
        assert_eq!(common_prefix("a/b/c", &query("a/b/", "/")), None);
        assert_eq!(common_prefix("ü--x", &query("ü", "--")), Some("ü--"));
        assert_eq!(common_prefix("a/b", &query("", "")), None);
    }
}
