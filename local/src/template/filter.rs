//! `FilterCriteria` of event source mappings
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>).

use std::collections::BTreeMap;

use serde_json::Value;

/// The filters of one mapping: a record passes if any lets it through, or if there are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filters(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq)]
enum Pattern {
    /// Every member must pass.
    Members(BTreeMap<String, Pattern>),
    /// One rule must hold.
    AnyOf(Vec<Rule>),
}

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Equals(Value),
    Prefix(String),
    Suffix(String),
    NoneOf(Vec<Value>),
    Exists(bool),
}

impl Filters {
    /// Parses the texts of `Pattern`.
    ///
    /// # Errors
    /// Not JSON, or a rule other than equality, `prefix`, `suffix`, `anything-but` and `exists`.
    pub fn parse(patterns: &[String]) -> Result<Self, String> {
        patterns
            .iter()
            .map(|text| {
                let pattern: Value = serde_json::from_str(text)
                    .map_err(|error| format!("a filter pattern is not JSON: {error}"))?;
                parse_pattern(&pattern)
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a record goes to the function.
    #[must_use]
    pub fn pass(&self, record: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| matches(pattern, Some(record)))
    }
}

fn parse_pattern(pattern: &Value) -> Result<Pattern, String> {
    match pattern {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| Ok((name.clone(), parse_pattern(member)?)))
            .collect::<Result<_, _>>()
            .map(Pattern::Members),
        Value::Array(rules) => rules
            .iter()
            .map(parse_rule)
            .collect::<Result<_, _>>()
            .map(Pattern::AnyOf),
        other => Err(format!("{other} is not a filter pattern")),
    }
}

fn parse_rule(rule: &Value) -> Result<Rule, String> {
    let unknown = || format!("the filter rule {rule} is not understood");
    let Some(object) = rule.as_object() else {
        return Ok(Rule::Equals(rule.clone()));
    };
    let mut members = object.iter();
    let (Some((name, argument)), None) = (members.next(), members.next()) else {
        return Err(unknown());
    };
    match (name.as_str(), argument) {
        ("prefix", Value::String(prefix)) => Ok(Rule::Prefix(prefix.clone())),
        ("suffix", Value::String(suffix)) => Ok(Rule::Suffix(suffix.clone())),
        ("anything-but", Value::Array(values)) => Ok(Rule::NoneOf(values.clone())),
        ("anything-but", value @ Value::String(_)) => Ok(Rule::NoneOf(vec![value.clone()])),
        ("exists", Value::Bool(exists)) => Ok(Rule::Exists(*exists)),
        _ => Err(unknown()),
    }
}

fn matches(pattern: &Pattern, value: Option<&Value>) -> bool {
    match pattern {
        Pattern::Members(members) => members
            .iter()
            .all(|(name, member)| matches(member, value.and_then(|value| value.get(name)))),
        Pattern::AnyOf(rules) => rules.iter().any(|rule| holds(rule, value)),
    }
}

fn holds(rule: &Rule, value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str);
    match rule {
        Rule::Equals(expected) => value == Some(expected),
        Rule::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
        Rule::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
        Rule::NoneOf(values) => value.is_some_and(|value| !values.contains(value)),
        Rule::Exists(exists) => value.is_some() == *exists,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use serde_json::json;

    use super::*;

    fn filters(patterns: &[Value]) -> Filters {
        let patterns: Vec<_> = patterns.iter().map(Value::to_string).collect();
        Filters::parse(&patterns).unwrap()
    }

    #[test]
    fn a_stream_filter_by_name_and_prefix() {
        let filters = filters(&[
            json!({"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "OUT#"}]}}}}),
        ]);
        let record = |name: &str, pk: &str| json!({"eventName": name, "dynamodb": {"Keys": {"pk": {"S": pk}}}});
        assert!(filters.pass(&record("INSERT", "OUT#1")));
        assert!(!filters.pass(&record("MODIFY", "OUT#1")));
        assert!(!filters.pass(&record("INSERT", "WSP#1")));
        assert!(!filters.pass(&json!({"eventName": "INSERT"})));
    }

    #[test]
    fn one_filter_of_several_is_enough_and_none_is_all() {
        let either = filters(&[json!({"a": [1]}), json!({"b": [{"exists": false}]})]);
        assert!(either.pass(&json!({"a": 1, "b": 2})));
        assert!(either.pass(&json!({"a": 2})));
        assert!(!either.pass(&json!({"a": 2, "b": 2})));
        assert!(Filters::default().pass(&json!({})));
    }

    #[test]
    fn an_unknown_rule_is_refused() {
        let pattern = json!({"a": [{"cidr": "10.0.0.0/8"}]}).to_string();
        assert!(Filters::parse(&[pattern]).unwrap_err().contains("cidr"));
    }
}
