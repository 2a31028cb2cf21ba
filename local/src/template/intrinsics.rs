//! CloudFormation's intrinsic functions
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>).

use serde_json::{Map, Value};

use super::TemplateError;
use super::resolve::{Scope, scalar_text};

/// The function and argument, if an object is a call.
pub(super) fn call_of(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut members = object.iter();
    let (name, argument) = members.next()?;
    let is_call = name == "Ref" || name.starts_with("Fn::");
    (is_call && members.next().is_none()).then_some((name.as_str(), argument))
}

impl Scope<'_> {
    pub(super) fn apply(
        &self,
        function: &str,
        argument: &Value,
        at: &str,
    ) -> Result<Option<Value>, TemplateError> {
        match function {
            "Ref" => self.reference(literal(argument, at)?, at),
            "Fn::GetAtt" => {
                let [id, attribute] = arguments(argument, function, at)?;
                self.attribute(literal(id, at)?, literal(attribute, at)?, at)
                    .map(Some)
            }
            "Fn::Sub" => self.substitute(argument, at).map(Some),
            "Fn::Join" => {
                let [separator, items] = arguments(argument, function, at)?;
                let items = self.texts(items, at)?;
                Ok(Some(Value::String(items.join(literal(separator, at)?))))
            }
            "Fn::Split" => {
                let [separator, text] = arguments(argument, function, at)?;
                let text = self.text(text, at)?;
                let parts = text.split(literal(separator, at)?);
                Ok(Some(
                    parts.map(|part| Value::String(part.to_owned())).collect(),
                ))
            }
            "Fn::Select" => self.select(argument, at).map(Some),
            "Fn::If" => {
                let [condition, yes, no] = arguments(argument, function, at)?;
                let chosen = if self.condition(literal(condition, at)?, at)? {
                    yes
                } else {
                    no
                };
                self.resolve(chosen, at)
            }
            "Fn::FindInMap" => self.find_in_map(argument, at).map(Some),
            other => Err(TemplateError::new(at, format!("{other} is not understood"))),
        }
    }

    /// The truth of a condition.
    pub(super) fn truth(&self, condition: &Value, at: &str) -> Result<bool, TemplateError> {
        let not_understood = || TemplateError::new(at, "this condition is not understood");
        let object = condition.as_object().ok_or_else(not_understood)?;
        if let Some(name) = object.get("Condition").and_then(Value::as_str) {
            return self.condition(name, at);
        }
        let (function, argument) = call_of(object).ok_or_else(not_understood)?;
        let parts = argument.as_array().ok_or_else(not_understood)?;
        match function {
            "Fn::Equals" => {
                let [left, right] = arguments(argument, function, at)?;
                Ok(comparable(self.value(left, at)?) == comparable(self.value(right, at)?))
            }
            "Fn::Not" => match parts.as_slice() {
                [part] => Ok(!self.truth(part, at)?),
                _ => Err(not_understood()),
            },
            "Fn::And" => self
                .truths(parts, at)
                .map(|all| all.into_iter().all(|part| part)),
            "Fn::Or" => self
                .truths(parts, at)
                .map(|all| all.into_iter().any(|part| part)),
            _ => Err(not_understood()),
        }
    }

    fn truths(&self, conditions: &[Value], at: &str) -> Result<Vec<bool>, TemplateError> {
        conditions
            .iter()
            .map(|condition| self.truth(condition, at))
            .collect()
    }

    fn texts(&self, items: &Value, at: &str) -> Result<Vec<String>, TemplateError> {
        let items = self.value(items, at)?;
        let items = items
            .as_array()
            .ok_or_else(|| TemplateError::new(at, "is not a list"))?;
        items.iter().map(|item| self.text(item, at)).collect()
    }

    fn select(&self, argument: &Value, at: &str) -> Result<Value, TemplateError> {
        let [index, items] = arguments(argument, "Fn::Select", at)?;
        let index = self.text(index, at)?;
        let items = self.texts(items, at)?;
        let index: Option<usize> = index.parse().ok();
        index
            .and_then(|index| items.into_iter().nth(index))
            .map(Value::String)
            .ok_or_else(|| TemplateError::new(at, "Fn::Select is out of the list"))
    }

    fn find_in_map(&self, argument: &Value, at: &str) -> Result<Value, TemplateError> {
        let [map, first, second] = arguments(argument, "Fn::FindInMap", at)?;
        let (map, first, second) = (
            self.text(map, at)?,
            self.text(first, at)?,
            self.text(second, at)?,
        );
        let mappings = self.document.section("Mappings");
        let found = mappings
            .get(&map)
            .and_then(|map| map.get(&first)?.get(&second));
        found.cloned().ok_or_else(|| {
            TemplateError::new(at, format!("the mapping {map} has no {first}, {second}"))
        })
    }

    /// `Fn::Sub`: `${Name}`, `${Resource.Attribute}`, own variables, and `${!literal}`.
    fn substitute(&self, argument: &Value, at: &str) -> Result<Value, TemplateError> {
        let (text, variables) = match argument {
            Value::String(text) => (text.as_str(), None),
            _ => {
                let [text, variables] = arguments(argument, "Fn::Sub", at)?;
                (literal(text, at)?, variables.as_object())
            }
        };
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| TemplateError::new(at, "${ without its }"))?;
            result.push_str(before);
            match name.strip_prefix('!') {
                Some(kept) => result.push_str(&format!("${{{kept}}}")),
                None => result.push_str(&self.variable(name.trim(), variables, at)?),
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(Value::String(result))
    }

    fn variable(
        &self,
        name: &str,
        own: Option<&Map<String, Value>>,
        at: &str,
    ) -> Result<String, TemplateError> {
        if let Some(value) = own.and_then(|own| own.get(name)) {
            return self.text(value, at);
        }
        let value = match name.split_once('.') {
            Some((id, attribute)) => Some(self.attribute(id, attribute, at)?),
            None => self.reference(name, at)?,
        };
        value
            .as_ref()
            .and_then(scalar_text)
            .ok_or_else(|| TemplateError::new(at, format!("${{{name}}} is not a text")))
    }
}

fn arguments<'value, const COUNT: usize>(
    argument: &'value Value,
    function: &str,
    at: &str,
) -> Result<&'value [Value; COUNT], TemplateError> {
    argument
        .as_array()
        .and_then(|parts| parts.as_slice().try_into().ok())
        .ok_or_else(|| TemplateError::new(at, format!("{function} takes {COUNT} arguments")))
}

fn literal<'value>(value: &'value Value, at: &str) -> Result<&'value str, TemplateError> {
    value
        .as_str()
        .ok_or_else(|| TemplateError::new(at, format!("{value} is not a literal text")))
}

/// `Fn::Equals` compares the texts of scalars.
fn comparable(value: Value) -> Value {
    scalar_text(&value).map_or(value, Value::String)
}
