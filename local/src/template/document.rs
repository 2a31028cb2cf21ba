//! The YAML of a template, with CloudFormation's short tags in their long form.

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;
use serde_yaml_ng::value::TaggedValue;

use super::TemplateError;

/// A parsed template; nothing in it is resolved yet.
#[derive(Debug, Clone)]
pub struct Document(Value);

impl Document {
    /// Parses a template.
    ///
    /// # Errors
    /// Not YAML, or a tag, key or number that CloudFormation would not read.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let yaml: Yaml = serde_yaml_ng::from_str(text)
            .map_err(|error| TemplateError::new("the file", error.to_string()))?;
        let document = plain(yaml)?;
        if !document["Resources"].is_object() {
            return Err(TemplateError::new("Resources", "is missing"));
        }
        Ok(Self(document))
    }

    /// Whether it has a parameter of this name.
    #[must_use]
    pub fn declares(&self, parameter: &str) -> bool {
        self.section("Parameters").get(parameter).is_some()
    }

    /// A top-level section as an object, empty where there is none.
    pub(super) fn section(&self, name: &str) -> Section<'_> {
        Section(self.0[name].as_object())
    }

    /// The resources with their logical ids.
    pub(super) fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.section("Resources").entries()
    }

    /// The type of a resource, `None` where there is no such resource.
    pub(super) fn type_of(&self, id: &str) -> Option<&str> {
        self.0["Resources"].get(id)?["Type"].as_str()
    }

    /// A resource's properties; `null` where it has none.
    pub(super) fn properties(&self, id: &str) -> &Value {
        &self.0["Resources"][id]["Properties"]
    }
}

/// A section of a document.
pub(super) struct Section<'document>(Option<&'document Map<String, Value>>);

impl<'document> Section<'document> {
    pub(super) fn entries(self) -> impl Iterator<Item = (&'document str, &'document Value)> {
        self.0
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
    }

    pub(super) fn get(&self, name: &str) -> Option<&'document Value> {
        self.0?.get(name)
    }
}

fn plain(yaml: Yaml) -> Result<Value, TemplateError> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::String(value) => Value::String(value),
        Yaml::Number(number) => serde_json::to_value(&number)
            .map_err(|_| TemplateError::new(number.to_string(), "is not a number of JSON"))?,
        Yaml::Sequence(items) => items.into_iter().map(plain).collect::<Result<_, _>>()?,
        Yaml::Mapping(mapping) => Value::Object(
            mapping
                .into_iter()
                .map(|(key, value)| Ok((key_text(key)?, plain(value)?)))
                .collect::<Result<_, TemplateError>>()?,
        ),
        Yaml::Tagged(tagged) => long_form(*tagged)?,
    })
}

fn key_text(key: Yaml) -> Result<String, TemplateError> {
    match key {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        other => Err(TemplateError::new(
            format!("{other:?}"),
            "is not a key of CloudFormation",
        )),
    }
}

/// `!Ref x` is `{"Ref": x}`, `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`, and so on.
fn long_form(tagged: TaggedValue) -> Result<Value, TemplateError> {
    let tag = tagged.tag.to_string();
    let argument = plain(tagged.value)?;
    Ok(match tag.trim_start_matches('!') {
        name @ ("Ref" | "Condition") => json!({name: argument}),
        "GetAtt" => {
            let parts = argument.as_str().and_then(|text| text.split_once('.'));
            match parts {
                Some((id, attribute)) => json!({"Fn::GetAtt": [id, attribute]}),
                None => json!({"Fn::GetAtt": argument}),
            }
        }
        name => {
            let name = format!("Fn::{name}");
            json!({name: argument})
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn short_tags_become_long_ones() {
        let document = Document::parse(
            "Resources:\n  A:\n    Type: T\n    Properties:\n      P: !Join ['-', [!Ref B, !GetAtt C.Arn.X]]\n      Q: !If [Yes, !Sub '${D}', !Ref 'AWS::NoValue']\n",
        )
        .unwrap();
        assert_eq!(
            *document.properties("A"),
            json!({
                "P": {"Fn::Join": ["-", [{"Ref": "B"}, {"Fn::GetAtt": ["C", "Arn.X"]}]]},
                "Q": {"Fn::If": ["Yes", {"Fn::Sub": "${D}"}, {"Ref": "AWS::NoValue"}]},
            })
        );
    }

    #[test]
    fn a_document_without_resources_is_refused() {
        assert_eq!(
            Document::parse("Parameters: {}").unwrap_err().at,
            "Resources"
        );
        assert!(Document::parse("a: [").is_err());
    }
}
