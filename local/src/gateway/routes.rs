//! Which function a request goes to
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use http::Method;

use crate::template::Route;

/// The routes, the most specific first.
pub(super) struct Routes(Vec<Entry>);

struct Entry {
    method: Option<String>,
    /// `None` for `$default`.
    path: Option<Vec<Segment>>,
    key: String,
    function: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter(String),
    /// The rest of the path.
    Greedy(String),
}

/// A route that takes a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match<'routes> {
    /// `GET /things/{id}`.
    pub key: &'routes str,
    /// Logical id.
    pub function: &'routes str,
    /// The path's parameters.
    pub parameters: BTreeMap<String, String>,
}

impl Routes {
    /// Fails where two routes have one key, or a greedy parameter is not the last segment.
    pub(super) fn new(routes: &[Route]) -> Result<Self, String> {
        let mut entries = routes
            .iter()
            .map(Entry::new)
            .collect::<Result<Vec<_>, _>>()?;
        entries.sort_by(Entry::by_precedence);
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].key == pair[1].key) {
            let [one, other] = [&pair[0].function, &pair[1].function];
            return Err(format!("{} leads to {one} and to {other}", pair[0].key));
        }
        Ok(Self(entries))
    }

    /// The most specific route for a method and path.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Match<'_>> {
        self.0.iter().find_map(|entry| {
            let takes_method = entry
                .method
                .as_deref()
                .is_none_or(|own| own == method.as_str());
            let parameters = entry.parameters(path).filter(|_| takes_method)?;
            Some(Match {
                key: &entry.key,
                function: &entry.function,
                parameters,
            })
        })
    }
}

impl Entry {
    fn new(route: &Route) -> Result<Self, String> {
        let key = match &route.path {
            None => "$default".to_owned(),
            Some(path) => format!("{} {path}", route.method.as_deref().unwrap_or("ANY")),
        };
        let path = route.path.as_deref().map(segments).transpose()?;
        Ok(Self {
            method: route.method.clone(),
            path,
            key,
            function: route.function.clone(),
        })
    }

    /// Literal before parameter before greedy, segment by segment; a method before any;
    /// `$default` last.
    fn by_precedence(one: &Self, other: &Self) -> Ordering {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Parameter(_) => 1,
            Segment::Greedy(_) => 2,
        };
        let ranks = |entry: &Self| -> Option<Vec<u8>> {
            entry
                .path
                .as_ref()
                .map(|path| path.iter().map(rank).collect())
        };
        let by_path = match (ranks(one), ranks(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
        by_path
            .then_with(|| one.method.is_none().cmp(&other.method.is_none()))
            .then_with(|| one.key.cmp(&other.key))
    }

    fn parameters(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let Some(segments) = &self.path else {
            return Some(BTreeMap::new());
        };
        let mut rest = path.strip_prefix('/')?;
        let mut parameters = BTreeMap::new();
        let mut is_done = segments.is_empty() && rest.is_empty();
        for (index, segment) in segments.iter().enumerate() {
            if is_done {
                return None;
            }
            if let Segment::Greedy(name) = segment {
                parameters.insert(name.clone(), rest.to_owned());
                return (!rest.is_empty()).then_some(parameters);
            }
            let (part, after) = match rest.split_once('/') {
                Some((part, after)) => (part, Some(after)),
                None => (rest, None),
            };
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::Parameter(name) if !part.is_empty() => {
                    parameters.insert(name.clone(), part.to_owned());
                }
                _ => return None,
            }
            is_done = after.is_none();
            rest = after.unwrap_or_default();
            if index + 1 == segments.len() && !is_done {
                return None;
            }
        }
        is_done.then_some(parameters)
    }
}

fn segments(path: &str) -> Result<Vec<Segment>, String> {
    let not_a_path = || format!("{path} is not a route's path");
    let rest = path.strip_prefix('/').ok_or_else(not_a_path)?;
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<_> = rest.split('/').collect();
    let last = parts.len() - 1;
    let segment = |(index, part): (usize, &&str)| {
        let Some(name) = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        else {
            return Ok(Segment::Literal((*part).to_owned()));
        };
        match name.strip_suffix('+') {
            None => Ok(Segment::Parameter(name.to_owned())),
            Some(name) if index == last => Ok(Segment::Greedy(name.to_owned())),
            Some(_) => Err(not_a_path()),
        }
    };
    parts.iter().enumerate().map(segment).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn routes(keys: &[&str]) -> Routes {
        let routes: Vec<_> = keys
            .iter()
            .map(|key| {
                let (method, path) = key.split_once(' ').unwrap_or(("ANY", "$default"));
                Route {
                    method: Some(method.to_owned()).filter(|method| method != "ANY"),
                    path: Some(path.to_owned()).filter(|path| path != "$default"),
                    function: format!("F {key}"),
                }
            })
            .collect();
        Routes::new(&routes).unwrap()
    }

    fn key<'routes>(routes: &'routes Routes, method: Method, path: &str) -> Option<&'routes str> {
        routes.find(&method, path).map(|found| found.key)
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes = routes(&[
            "$default",
            "ANY /{proxy+}",
            "GET /a/{proxy+}",
            "GET /a/{id}",
            "ANY /a/{id}",
            "GET /a/new",
            "GET /",
        ]);
        let get = |path| key(&routes, Method::GET, path);
        assert_eq!(get("/a/new"), Some("GET /a/new"));
        assert_eq!(get("/a/1"), Some("GET /a/{id}"));
        assert_eq!(get("/a/1/2"), Some("GET /a/{proxy+}"));
        assert_eq!(get("/b"), Some("ANY /{proxy+}"));
        assert_eq!(get("/"), Some("GET /"));
        assert_eq!(key(&routes, Method::PUT, "/a/1"), Some("ANY /a/{id}"));
        assert_eq!(key(&routes, Method::PUT, "/"), Some("$default"));
    }

    #[test]
    fn what_no_route_takes_is_not_found() {
        let routes = routes(&["GET /a/{id}", "POST /a"]);
        for (method, path) in [
            (Method::POST, "/a/1"),
            (Method::GET, "/a"),
            (Method::GET, "/a/"),
            (Method::GET, "/a/1/"),
            (Method::GET, "/A/1"),
            (Method::GET, "/"),
        ] {
            assert_eq!(key(&routes, method, path), None, "{path}");
        }
    }

    #[test]
    fn parameters_are_taken_from_the_path() {
        let routes = routes(&["GET /a/{id}/b/{rest+}"]);
        let found = routes.find(&Method::GET, "/a/1/b/x/y").unwrap();
        let expected =
            [("id", "1"), ("rest", "x/y")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.parameters, BTreeMap::from(expected));
    }

    #[test]
    fn routes_that_contradict_are_refused() {
        let route = |function: &str| Route {
            method: Some("GET".to_owned()),
            path: Some("/a".to_owned()),
            function: function.to_owned(),
        };
        assert!(Routes::new(&[route("A"), route("B")]).is_err());
        let greedy = Route {
            path: Some("/{a+}/b".to_owned()),
            ..route("A")
        };
        assert!(Routes::new(&[greedy]).is_err());
    }

    proptest! {
        #[test]
        fn no_path_breaks_the_search(path in "\\PC*") {
            let routes = routes(&["GET /", "GET /a/{id}", "GET /a/{id}/{rest+}"]);
            let _ = routes.find(&Method::GET, &path);
        }

        #[test]
        fn a_literal_path_finds_itself(parts in proptest::collection::vec("[a-z]{1,5}", 1..5)) {
            let path = format!("/{}", parts.join("/"));
            let own = format!("GET {path}");
            let routes = routes(&["GET /{proxy+}", &own]);
            prop_assert_eq!(key(&routes, Method::GET, &path), Some(own.as_str()));
        }
    }
}
