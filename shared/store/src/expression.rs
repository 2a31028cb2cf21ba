//! Conditions and updates as values; the one place that writes DynamoDB expressions.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use crate::db::StoreError;

/// Names and values of an expression under their placeholders.
#[derive(Debug, Default, Clone)]
pub(crate) struct Placeholders {
    pub names: HashMap<String, String>,
    pub values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    pub fn name(&mut self, attribute: &str) -> String {
        let placeholder = format!("#{}", attribute.replace('.', "_"));
        let path: Vec<String> = attribute
            .split('.')
            .map(|part| {
                let name = format!("#{part}");
                self.names.insert(name.clone(), part.to_owned());
                name
            })
            .collect();
        if path.len() == 1 {
            placeholder
        } else {
            path.join(".")
        }
    }

    pub fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    pub fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    pub fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

#[derive(Debug, Clone)]
enum Test {
    Exists(&'static str),
    Absent(&'static str),
    Compare(&'static str, &'static str, AttributeValue),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// A condition under which a write happens.
#[derive(Debug, Clone)]
pub struct Condition(Test);

impl Condition {
    /// The item exists.
    #[must_use]
    pub fn item_exists() -> Self {
        Self(Test::Exists("pk"))
    }

    /// There is no such item yet.
    #[must_use]
    pub fn item_absent() -> Self {
        Self(Test::Absent("pk"))
    }

    /// The item has this attribute.
    #[must_use]
    pub fn has(attribute: &'static str) -> Self {
        Self(Test::Exists(attribute))
    }

    /// The item lacks this attribute.
    #[must_use]
    pub fn lacks(attribute: &'static str) -> Self {
        Self(Test::Absent(attribute))
    }

    fn compare(
        attribute: &'static str,
        operator: &'static str,
        value: impl Serialize,
    ) -> Result<Self, StoreError> {
        let value = serde_dynamo::to_attribute_value(value)?;
        Ok(Self(Test::Compare(attribute, operator, value)))
    }

    /// The attribute has this value.
    ///
    /// # Errors
    /// A value that DynamoDB can't hold.
    pub fn equals(attribute: &'static str, value: impl Serialize) -> Result<Self, StoreError> {
        Self::compare(attribute, "=", value)
    }

    /// The attribute has another value.
    ///
    /// # Errors
    /// A value that DynamoDB can't hold.
    pub fn differs(attribute: &'static str, value: impl Serialize) -> Result<Self, StoreError> {
        Self::compare(attribute, "<>", value)
    }

    /// The attribute is below this value.
    ///
    /// # Errors
    /// A value that DynamoDB can't hold.
    pub fn below(attribute: &'static str, value: impl Serialize) -> Result<Self, StoreError> {
        Self::compare(attribute, "<", value)
    }

    /// The attribute is at most this value.
    ///
    /// # Errors
    /// A value that DynamoDB can't hold.
    pub fn at_most(attribute: &'static str, value: impl Serialize) -> Result<Self, StoreError> {
        Self::compare(attribute, "<=", value)
    }

    /// The attribute is at least this value.
    ///
    /// # Errors
    /// A value that DynamoDB can't hold.
    pub fn at_least(attribute: &'static str, value: impl Serialize) -> Result<Self, StoreError> {
        Self::compare(attribute, ">=", value)
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(Test::All(vec![self, other]))
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Test::Any(vec![self, other]))
    }

    pub(crate) fn write(&self, p: &mut Placeholders) -> String {
        let join = |p: &mut Placeholders, parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().map(|part| part.write(p)).collect();
            format!("({})", parts.join(word))
        };
        match &self.0 {
            Test::Exists(attribute) => format!("attribute_exists({})", p.name(attribute)),
            Test::Absent(attribute) => format!("attribute_not_exists({})", p.name(attribute)),
            Test::Compare(attribute, operator, value) => {
                let name = p.name(attribute);
                let value = p.value(value.clone());
                format!("{name} {operator} {value}")
            }
            Test::All(parts) => join(p, parts, " AND "),
            Test::Any(parts) => join(p, parts, " OR "),
        }
    }
}

/// A change of some attributes of one item.
#[derive(Debug, Default, Clone)]
pub struct Update {
    sets: Vec<(&'static str, AttributeValue)>,
    adds: Vec<(&'static str, AttributeValue)>,
    removes: Vec<&'static str>,
    condition: Option<Condition>,
}

impl Update {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an attribute.
    ///
    /// # Errors
    /// A value that DynamoDB can't hold.
    pub fn set(
        mut self,
        attribute: &'static str,
        value: impl Serialize,
    ) -> Result<Self, StoreError> {
        let value = serde_dynamo::to_attribute_value(value)?;
        self.sets.push((attribute, value));
        Ok(self)
    }

    /// Adds to a number, which is 0 while it is absent.
    #[must_use]
    pub fn add(mut self, attribute: &'static str, by: i64) -> Self {
        self.adds
            .push((attribute, AttributeValue::N(by.to_string())));
        self
    }

    /// Removes an attribute.
    #[must_use]
    pub fn remove(mut self, attribute: &'static str) -> Self {
        self.removes.push(attribute);
        self
    }

    /// The condition under which the change is made; a second one is added to the first.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(match self.condition {
            Some(first) => first.and(condition),
            None => condition,
        });
        self
    }

    pub(crate) fn write(&self, p: &mut Placeholders) -> (String, Option<String>) {
        let mut clauses = Vec::new();
        if !self.sets.is_empty() {
            let parts: Vec<String> = self
                .sets
                .iter()
                .map(|(attribute, value)| {
                    let name = p.name(attribute);
                    format!("{name} = {}", p.value(value.clone()))
                })
                .collect();
            clauses.push(format!("SET {}", parts.join(", ")));
        }
        if !self.adds.is_empty() {
            let parts: Vec<String> = self
                .adds
                .iter()
                .map(|(attribute, value)| {
                    let name = p.name(attribute);
                    format!("{name} {}", p.value(value.clone()))
                })
                .collect();
            clauses.push(format!("ADD {}", parts.join(", ")));
        }
        if !self.removes.is_empty() {
            let parts: Vec<String> = self.removes.iter().map(|a| p.name(a)).collect();
            clauses.push(format!("REMOVE {}", parts.join(", ")));
        }
        let condition = self.condition.as_ref().map(|condition| condition.write(p));
        (clauses.join(" "), condition)
    }
}
