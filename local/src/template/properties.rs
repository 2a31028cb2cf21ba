//! A resource's properties: those that the machine honours, those that change nothing on it,
//! and all others, which are errors.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::TemplateError;
use super::resolve::Scope;

/// What the machine does with the properties of one kind of thing.
pub(super) struct Known {
    /// Resolved and read.
    pub honoured: &'static [&'static str],
    /// Of no effect on one machine.
    pub without_effect: &'static [&'static str],
}

impl Known {
    /// Resolves what is honoured and reads it as `T`.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        scope: &Scope<'_>,
        properties: &Value,
        at: &str,
    ) -> Result<T, TemplateError> {
        let mut honoured = Map::new();
        for (name, value) in properties.as_object().into_iter().flatten() {
            if self.honoured.contains(&name.as_str()) {
                let value = scope.resolve(value, at)?;
                honoured.extend(value.map(|value| (name.clone(), value)));
            } else if !self.without_effect.contains(&name.as_str()) {
                return Err(TemplateError::new(at, format!("{name} is not understood")));
            }
        }
        serde_json::from_value(Value::Object(honoured))
            .map_err(|error| TemplateError::new(at, error.to_string()))
    }
}
