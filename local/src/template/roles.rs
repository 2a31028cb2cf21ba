//! `AWS::IAM::Role`: what a function may do
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>).
//!
//! What is not understood - a `Deny`, a managed policy, another condition - is an error: a role
//! that is read in part would prove nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TemplateError;
use super::model::{Function, Source};
use super::properties::Known;
use super::resolve::{Place, Scope};

const ROLE: Known = Known {
    honoured: &["Policies"],
    without_effect: &[
        "AssumeRolePolicyDocument",
        "Description",
        "MaxSessionDuration",
        "Path",
        "RoleName",
        "Tags",
    ],
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleProperties {
    #[serde(default)]
    policies: Vec<PolicyProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyProperties {
    #[serde(rename = "PolicyName")]
    _name: String,
    policy_document: PolicyDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyDocument {
    #[serde(rename = "Version")]
    _version: String,
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    #[serde(rename = "Effect")]
    _effect: Effect,
    action: Texts,
    resource: Texts,
    #[serde(default)]
    condition: Conditions,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Conditions {
    #[serde(default)]
    string_equals: BTreeMap<ContextKey, Texts>,
    #[serde(default, rename = "ForAllValues:StringLike")]
    string_like: BTreeMap<ContextKey, Texts>,
}

/// What a condition may ask about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum ContextKey {
    /// The algorithm of a signature.
    #[serde(rename = "kms:SigningAlgorithm")]
    SigningAlgorithm,
    /// The address that a letter comes from.
    #[serde(rename = "ses:FromAddress")]
    FromAddress,
    /// The partition key of an item that is written. A call that writes several needs each.
    #[serde(rename = "dynamodb:LeadingKeys")]
    LeadingKeys,
}

/// One action on one resource, as a role allows it. Both may have wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// `dynamodb:GetItem`.
    pub action: String,
    /// An ARN, or the name by which the machine knows a key or a secret.
    pub resource: String,
    /// `StringEquals`: what each key must be.
    conditions: BTreeMap<ContextKey, Vec<String>>,
    /// `ForAllValues:StringLike`: what each key must be like.
    patterns: BTreeMap<ContextKey, Vec<String>>,
}

/// One action on one resource, as a call needs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not authorized to perform: {action} on resource: {resource}")]
pub struct Need {
    /// `dynamodb:GetItem`.
    pub action: String,
    /// An ARN or name, `*` where the action has no resource.
    pub resource: String,
    /// What conditions may ask.
    pub context: BTreeMap<ContextKey, String>,
}

impl Need {
    /// A need that no condition asks about.
    #[must_use]
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
            context: BTreeMap::new(),
        }
    }
}

/// What a function may do; nothing else is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role(Vec<Grant>);

impl Role {
    /// What it allows.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.0
    }

    /// The first of its grants that allows what is needed.
    #[must_use]
    pub fn allows(&self, need: &Need) -> Option<&Grant> {
        self.0.iter().find(|grant| grant.covers(need))
    }
}

impl Grant {
    fn covers(&self, need: &Need) -> bool {
        // names of actions have no case
        let (granted, needed) = (self.action.to_lowercase(), need.action.to_lowercase());
        matches(&granted, &needed)
            && matches(&self.resource, &need.resource)
            && self.conditions.iter().all(|(key, allowed)| {
                let found = need.context.get(key);
                found.is_some_and(|found| allowed.contains(found))
            })
            && self.patterns.iter().all(|(key, patterns)| {
                let found = need.context.get(key);
                found.is_some_and(|found| patterns.iter().any(|pattern| matches(pattern, found)))
            })
    }
}

/// Whether a text is as a pattern says, in which `*` stands for any characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read) = (0, 0);
    // the last `*`, and how far the text is taken by it
    let mut star = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((place, taken)) = star else {
                    return false;
                };
                star = Some((place, taken + 1));
                at = place + 1;
                read = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// The role with this ARN.
pub(super) fn read(scope: &Scope<'_>, arn: &str, at: &str) -> Result<Role, TemplateError> {
    let id = scope
        .id_by_arn("AWS::IAM::Role", arn)
        .ok_or_else(|| TemplateError::new(at, format!("{arn} is not a role of this template")))?;
    let properties: RoleProperties = ROLE.read(scope, scope.document.properties(id), id)?;
    let policies = properties.policies.into_iter();
    let statements = policies.flat_map(|policy| policy.policy_document.statement);
    Ok(Role(statements.flat_map(grants).collect()))
}

fn grants(statement: Statement) -> Vec<Grant> {
    let resources = statement.resource.into_vec();
    let conditions = by_key(statement.condition.string_equals);
    let patterns = by_key(statement.condition.string_like);
    let actions = statement.action.into_vec().into_iter();
    actions
        .flat_map(|action| {
            resources
                .iter()
                .map(move |resource| (action.clone(), resource.clone()))
        })
        .map(|(action, resource)| Grant {
            action,
            resource,
            conditions: conditions.clone(),
            patterns: patterns.clone(),
        })
        .collect()
}

fn by_key(conditions: BTreeMap<ContextKey, Texts>) -> BTreeMap<ContextKey, Vec<String>> {
    let conditions = conditions.into_iter();
    conditions
        .map(|(key, texts)| (key, texts.into_vec()))
        .collect()
}

/// What Lambda itself does under a function's role: reads its event sources, gives batches up,
/// writes its logs and traces.
pub(super) fn needs_of_lambda(
    place: &Place,
    function: &Function,
    log_group: Option<&str>,
    is_traced: bool,
) -> Vec<Need> {
    let sources = function.sources.iter();
    let mut needs: Vec<Need> = sources
        .flat_map(|source| of_source(place, source))
        .collect();
    if let Some(group) = log_group {
        let streams = place.arn("logs", &format!("log-group:{group}:log-stream:any"));
        needs.extend(on(&streams, &["logs:CreateLogStream", "logs:PutLogEvents"]));
    }
    if is_traced {
        let traces = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
        needs.extend(on("*", &traces));
    }
    needs
}

fn of_source(place: &Place, source: &Source) -> Vec<Need> {
    match source {
        // as in the managed policy AWSLambdaSQSQueueExecutionRole
        Source::Queue(source) => on(
            &place.arn("sqs", &source.queue),
            &[
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
            ],
        ),
        // as in the managed policy AWSLambdaDynamoDBExecutionRole
        Source::Stream(source) => {
            let mut needs = on(
                &source.stream_arn,
                &[
                    "dynamodb:DescribeStream",
                    "dynamodb:GetRecords",
                    "dynamodb:GetShardIterator",
                ],
            );
            let all = place.arn("dynamodb", &format!("table/{}/stream/*", source.table));
            needs.push(Need::new("dynamodb:ListStreams", all));
            let given_up = source.on_failure.as_ref();
            needs.extend(
                given_up.map(|queue| Need::new("sqs:SendMessage", place.arn("sqs", queue))),
            );
            needs
        }
        // the scheduler invokes under a role of its own
        Source::Schedule(_) => Vec::new(),
    }
}

fn on(resource: &str, actions: &[&str]) -> Vec<Need> {
    actions
        .iter()
        .map(|action| Need::new(*action, resource))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    /// The definition of a match, letter by letter.
    fn is_match(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                is_match(rest, text) || (!text.is_empty() && is_match(pattern, &text[1..]))
            }
            (Some((wanted, pattern)), Some((found, text))) => {
                (*wanted == '?' || wanted == found) && is_match(pattern, text)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn wildcards_match_as_they_are_defined(
            pattern in "[ab/*?]{0,8}",
            text in "[ab/]{0,12}",
        ) {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(
                matches(&pattern, &text),
                is_match(&letters(&pattern), &letters(&text))
            );
        }

        #[test]
        fn a_text_matches_itself_and_its_prefix_with_a_star(text in "[a-z:/é-]{0,20}", cut in 0_usize..20) {
            prop_assert!(matches(&text, &text));
            let prefix: String = text.chars().take(cut).collect();
            let pattern = format!("{prefix}*");
            prop_assert!(matches(&pattern, &text));
            prop_assert!(matches("*", &text));
        }

        #[test]
        fn without_wildcards_nothing_else_matches(pattern in "[ab]{0,4}", text in "[ab]{0,4}") {
            prop_assert_eq!(matches(&pattern, &text), pattern == text);
        }
    }

    fn role(conditions: &[(ContextKey, &str)]) -> Role {
        let conditions = conditions.iter();
        Role(vec![Grant {
            action: "s3:Get*".to_owned(),
            resource: "arn:aws:s3:::b/originals/*".to_owned(),
            conditions: conditions
                .map(|(key, value)| (*key, vec![(*value).to_owned()]))
                .collect(),
            patterns: BTreeMap::new(),
        }])
    }

    #[test]
    fn a_grant_covers_its_actions_on_its_resources() {
        let allows =
            |action: &str, resource: &str| role(&[]).allows(&Need::new(action, resource)).is_some();
        assert!(allows("s3:GetObject", "arn:aws:s3:::b/originals/a/b"));
        assert!(allows("s3:getobject", "arn:aws:s3:::b/originals/"));
        assert!(!allows("s3:PutObject", "arn:aws:s3:::b/originals/a"));
        assert!(!allows("s3:GetObject", "arn:aws:s3:::b/ORIGINALS/a"));
        assert!(!allows("s3:GetObject", "arn:aws:s3:::b"));
        assert!(!allows("s3:GetObject", "*"));
        assert_eq!(Role::default().allows(&Need::new("a:B", "*")), None);
    }

    #[test]
    fn a_condition_must_hold() {
        let role = role(&[(ContextKey::FromAddress, "a@example.com")]);
        let mut need = Need::new("s3:GetObject", "arn:aws:s3:::b/originals/a");
        assert_eq!(role.allows(&need), None);
        for (address, allowed) in [("b@example.com", false), ("a@example.com", true)] {
            need.context
                .insert(ContextKey::FromAddress, address.to_owned());
            assert_eq!(role.allows(&need).is_some(), allowed);
        }
    }
    #[test]
    fn a_partition_key_must_be_like_a_pattern() {
        let (action, resource) = ("dynamodb:DeleteItem", "keys");
        let patterns = ["SALT", "CASEKEY#visits-*"].map(str::to_owned).to_vec();
        let role = Role(vec![Grant {
            action: action.to_owned(),
            resource: resource.to_owned(),
            conditions: BTreeMap::new(),
            patterns: BTreeMap::from([(ContextKey::LeadingKeys, patterns)]),
        }]);
        let mut need = Need::new(action, resource);
        assert_eq!(role.allows(&need), None);
        for (key, allowed) in [
            ("SALT", true),
            ("SALT#2", false),
            ("CASEKEY#visits-2026-11-23", true),
            ("CASEKEY#hld_1", false),
            ("SUBJ#1", false),
        ] {
            need.context.insert(ContextKey::LeadingKeys, key.to_owned());
            assert_eq!(role.allows(&need).is_some(), allowed, "{key}");
        }
    }
}
