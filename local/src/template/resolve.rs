//! Parameters, conditions and intrinsic functions, with the names that things have on the machine.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::document::Document;
use super::{TemplateError, intrinsics};

/// Where the stack runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// The region that ARNs name.
    pub region: String,
    /// The account that ARNs name: 12 digits.
    pub account: String,
    /// The stack's name, the first part of generated names; lower case.
    pub stack: String,
    /// The base of queue URLs: `http://host:port`, no slash at its end.
    pub queue_base: String,
}

impl Place {
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.region, self.account
        )
    }

    /// The name that a resource without one of its own gets: `assetbox-jobs-queue`.
    fn generated_name(&self, id: &str) -> String {
        let mut name = self.stack.clone();
        for letter in id.chars() {
            if letter.is_ascii_uppercase() {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }
}

/// A document with the values that its parameters have.
pub struct Scope<'document> {
    pub(super) document: &'document Document,
    pub(super) place: Place,
    parameters: BTreeMap<String, Value>,
}

impl<'document> Scope<'document> {
    /// Gives the document's parameters their values: `overrides`, else their defaults.
    ///
    /// # Errors
    /// An override of a parameter that the document doesn't have, or a parameter with neither.
    pub fn new(
        document: &'document Document,
        place: Place,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let declared = document.section("Parameters");
        if let Some(unknown) = overrides.keys().find(|name| declared.get(name).is_none()) {
            let reason = "is set by the machine but not declared";
            return Err(TemplateError::new(format!("parameter {unknown}"), reason));
        }
        let parameters = declared
            .entries()
            .map(|(name, parameter)| {
                let value = match overrides.get(name) {
                    Some(value) => Value::String(value.clone()),
                    None => parameter.get("Default").cloned().ok_or_else(|| {
                        TemplateError::new(format!("parameter {name}"), "has no value")
                    })?,
                };
                Ok((name.to_owned(), typed(parameter, value)))
            })
            .collect::<Result<_, TemplateError>>()?;
        Ok(Self {
            document,
            place,
            parameters,
        })
    }

    /// A value with every intrinsic function in it done; `None` where it is `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value, at: &str) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for item in items {
                    resolved.extend(self.resolve(item, at)?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            Value::Object(object) => match intrinsics::call_of(object) {
                Some((function, argument)) => self.apply(function, argument, at),
                None => {
                    let mut resolved = Map::new();
                    for (name, member) in object {
                        if let Some(member) = self.resolve(member, at)? {
                            resolved.insert(name.clone(), member);
                        }
                    }
                    Ok(Some(Value::Object(resolved)))
                }
            },
            plain => Ok(Some(plain.clone())),
        }
    }

    /// As [`Scope::resolve`], where something must be left.
    pub(super) fn value(&self, value: &Value, at: &str) -> Result<Value, TemplateError> {
        self.resolve(value, at)?
            .ok_or_else(|| TemplateError::new(at, "AWS::NoValue where a value is needed"))
    }

    /// As [`Scope::value`], as text: numbers and booleans as CloudFormation writes them.
    pub(super) fn text(&self, value: &Value, at: &str) -> Result<String, TemplateError> {
        scalar_text(&self.value(value, at)?)
            .ok_or_else(|| TemplateError::new(at, "is not a text, number or boolean"))
    }

    /// Whether a resource exists under the conditions.
    pub(super) fn exists(&self, id: &str, resource: &Value) -> Result<bool, TemplateError> {
        match resource["Condition"].as_str() {
            Some(condition) => self.condition(condition, id),
            None => Ok(true),
        }
    }

    pub(super) fn condition(&self, name: &str, at: &str) -> Result<bool, TemplateError> {
        let conditions = self.document.section("Conditions");
        let condition = conditions
            .get(name)
            .ok_or_else(|| TemplateError::new(at, format!("no condition is named {name}")))?;
        self.truth(condition, &format!("condition {name}"))
    }

    /// What `Ref` gives.
    pub(super) fn reference(&self, name: &str, at: &str) -> Result<Option<Value>, TemplateError> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => self.place.region.clone(),
            "AWS::AccountId" => self.place.account.clone(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::StackName" => self.place.stack.clone(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            _ => self.reference_to_resource(name, at)?,
        };
        Ok(Some(Value::String(text)))
    }

    fn reference_to_resource(&self, id: &str, at: &str) -> Result<String, TemplateError> {
        let name = || self.physical_name(id);
        match self.document.type_of(id) {
            Some("AWS::SQS::Queue") => {
                let base = &self.place.queue_base;
                Ok(format!("{base}/{}/{}", self.place.account, name()?))
            }
            Some("AWS::KMS::Key") => self.key_alias(id),
            Some("AWS::SNS::Topic") => Ok(self.place.arn("sns", &name()?)),
            Some(_) => name(),
            None => Err(TemplateError::new(
                at,
                format!("no parameter or resource is named {id}"),
            )),
        }
    }

    /// What `Fn::GetAtt` gives.
    pub(super) fn attribute(
        &self,
        id: &str,
        attribute: &str,
        at: &str,
    ) -> Result<Value, TemplateError> {
        let unknown = |what: &str| {
            Err(TemplateError::new(
                at,
                format!("{what} of {id} is not known on one machine"),
            ))
        };
        let Some(kind) = self.document.type_of(id) else {
            return Err(TemplateError::new(at, format!("no resource is named {id}")));
        };
        let name = self.physical_name(id)?;
        let place = &self.place;
        Ok(Value::String(match (kind, attribute) {
            ("AWS::DynamoDB::Table", "Arn") => self.table_arn(&name),
            ("AWS::DynamoDB::Table", "StreamArn") => self.stream_arn(&name),
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{name}"),
            ("AWS::SQS::Queue", "Arn") => place.arn("sqs", &name),
            ("AWS::SQS::Queue", "QueueName") => name,
            ("AWS::SQS::Queue", "QueueUrl") => self.reference_to_resource(id, at)?,
            ("AWS::SNS::Topic", "TopicArn") => place.arn("sns", &name),
            ("AWS::SNS::Topic", "TopicName") => name,
            ("AWS::KMS::Key", "Arn" | "KeyId") => self.key_alias(id)?,
            ("AWS::SecretsManager::Secret", "Id") => name,
            ("AWS::Serverless::Function", "Arn") => {
                place.arn("lambda", &format!("function:{name}"))
            }
            ("AWS::Logs::LogGroup", "Arn") => place.arn("logs", &format!("log-group:{name}:*")),
            ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{}:role/{name}", place.account),
            _ => return unknown(attribute),
        }))
    }

    /// A table's ARN.
    pub(super) fn table_arn(&self, name: &str) -> String {
        self.place.arn("dynamodb", &format!("table/{name}"))
    }

    /// The ARN of a table's stream. Its label is constant: on one machine a table has one stream.
    pub(super) fn stream_arn(&self, table: &str) -> String {
        format!("{}/stream/2026-01-01T00:00:00.000", self.table_arn(table))
    }

    /// The name that the KMS stand-in knows a key by.
    pub(super) fn key_alias(&self, id: &str) -> Result<String, TemplateError> {
        Ok(format!("alias/{}", self.physical_name(id)?))
    }

    /// The resource's own name, else a generated one.
    pub(super) fn physical_name(&self, id: &str) -> Result<String, TemplateError> {
        let property = match self.document.type_of(id) {
            Some("AWS::DynamoDB::Table") => "TableName",
            Some("AWS::S3::Bucket") => "BucketName",
            Some("AWS::SQS::Queue") => "QueueName",
            Some("AWS::Serverless::Function") => "FunctionName",
            Some("AWS::Logs::LogGroup") => "LogGroupName",
            Some("AWS::SecretsManager::Secret" | "AWS::SES::ConfigurationSet") => "Name",
            _ => return Ok(self.place.generated_name(id)),
        };
        match self.document.properties(id).get(property) {
            Some(name) => self.text(name, id),
            None => Ok(self.place.generated_name(id)),
        }
    }

    /// The logical id of the resource of a type that has this ARN.
    pub(super) fn id_by_arn(&self, kind: &str, arn: &str) -> Option<&'document str> {
        let attribute = if kind == "AWS::DynamoDB::Table" && arn.contains("/stream/") {
            "StreamArn"
        } else {
            "Arn"
        };
        self.document
            .resources()
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(id, _)| id)
            .find(|id| {
                self.attribute(id, attribute, id)
                    .is_ok_and(|found| found == arn)
            })
    }
}

/// A parameter's value in the type that the parameter declares.
fn typed(parameter: &Value, value: Value) -> Value {
    let Some(text) = scalar_text(&value) else {
        return value;
    };
    match parameter["Type"].as_str() {
        Some("Number") => text
            .parse::<serde_json::Number>()
            .map_or(value, Value::Number),
        Some("CommaDelimitedList") => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            items.map(|item| Value::String(item.to_owned())).collect()
        }
        _ => Value::String(text),
    }
}

/// The text of a scalar.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
