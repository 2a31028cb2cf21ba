//! `AWS::SES::ConfigurationSetEventDestination`, `AWS::SNS::Topic` and
//! `AWS::SNS::Subscription`: the way of what comes back of mail to a queue.

use serde::Deserialize;
use serde_json::Value;

use super::TemplateError;
use super::properties::Known;
use super::resolve::Scope;

/// The events of mail that is sent with a configuration set, and the queues that get them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailEvents {
    /// The configuration set's name.
    pub configuration_set: String,
    /// The types of events, in any case: `bounce`, `complaint` and the like.
    pub event_types: Vec<String>,
    /// The queues' physical names.
    pub queues: Vec<String>,
}

impl MailEvents {
    /// Whether an event of this type (`Bounce`) is told.
    #[must_use]
    pub fn takes(&self, configuration_set: &str, event_type: &str) -> bool {
        let mut types = self.event_types.iter();
        self.configuration_set == configuration_set
            && types.any(|known| known.eq_ignore_ascii_case(event_type))
    }
}

const DESTINATION: Known = Known {
    honoured: &["ConfigurationSetName"],
    // Read by itself.
    without_effect: &["EventDestination"],
};

const EVENT_DESTINATION: Known = Known {
    honoured: &["Enabled", "MatchingEventTypes", "SnsDestination"],
    // One machine has no metrics.
    without_effect: &["CloudWatchDestination", "Name"],
};

const TOPIC: Known = Known {
    honoured: &["Subscription"],
    without_effect: &[
        "DisplayName",
        "KmsMasterKeyId",
        "SignatureVersion",
        "Tags",
        "TopicName",
        "TracingConfig",
    ],
};

const SUBSCRIPTION: Known = Known {
    honoured: &["Endpoint", "Protocol", "RawMessageDelivery", "TopicArn"],
    // On one machine every event arrives.
    without_effect: &["DeliveryPolicy", "RedrivePolicy"],
};

/// Protocols that tell a person, of whom one machine has no address.
const TELLS_A_PERSON: [&str; 3] = ["email", "email-json", "sms"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DestinationProperties {
    configuration_set_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EventDestination {
    /// CloudFormation's default is not to publish.
    #[serde(default)]
    enabled: bool,
    matching_event_types: Vec<String>,
    sns_destination: Option<SnsDestination>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SnsDestination {
    #[serde(rename = "TopicARN")]
    topic: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TopicProperties {
    #[serde(default)]
    subscription: Vec<Inline>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inline {
    protocol: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Subscription {
    topic_arn: String,
    protocol: String,
    endpoint: Option<String>,
    #[serde(default)]
    raw_message_delivery: bool,
}

/// Reads a destination; nothing where it publishes nothing that one machine handles.
pub(super) fn destination(
    scope: &Scope<'_>,
    id: &str,
) -> Result<Option<MailEvents>, TemplateError> {
    let properties = scope.document.properties(id);
    let named: DestinationProperties = DESTINATION.read(scope, properties, id)?;
    let destination: EventDestination =
        EVENT_DESTINATION.read(scope, &properties["EventDestination"], id)?;
    let Some(sns) = destination.sns_destination.filter(|_| destination.enabled) else {
        return Ok(None);
    };
    Ok(Some(MailEvents {
        configuration_set: named.configuration_set_name,
        event_types: destination.matching_event_types,
        queues: queues_of(scope, &sns.topic, id)?,
    }))
}

/// The queues that a topic hands its messages to.
pub(super) fn queues_of(
    scope: &Scope<'_>,
    topic: &str,
    at: &str,
) -> Result<Vec<String>, TemplateError> {
    let mut queues = Vec::new();
    for (id, resource) in scope.document.resources() {
        if resource["Type"] != "AWS::SNS::Subscription" || !scope.exists(id, resource)? {
            continue;
        }
        let (subscribed, queue) = subscription(scope, id)?;
        queues.extend(queue.filter(|_| subscribed == topic));
    }
    match queues.is_empty() {
        true => Err(TemplateError::new(
            at,
            format!("no queue of this template is subscribed to {topic}"),
        )),
        false => Ok(queues),
    }
}

/// A subscription's topic, and its queue's physical name where it tells no person.
pub(super) fn subscription(
    scope: &Scope<'_>,
    id: &str,
) -> Result<(String, Option<String>), TemplateError> {
    let subscription: Subscription = SUBSCRIPTION.read(scope, scope.document.properties(id), id)?;
    let refused = |reason: &str| Err(TemplateError::new(id, reason));
    if TELLS_A_PERSON.contains(&subscription.protocol.as_str()) {
        return Ok((subscription.topic_arn, None));
    }
    if subscription.protocol != "sqs" {
        return refused("only subscriptions of queues and of people are understood");
    }
    if !subscription.raw_message_delivery {
        return refused("only RawMessageDelivery is understood");
    }
    let queue = scope.queue_by_arn(&subscription.endpoint.unwrap_or_default(), id)?;
    Ok((subscription.topic_arn, Some(queue)))
}

/// A topic has no more to say than who is told; within it, that can only be people.
pub(super) fn topic(scope: &Scope<'_>, id: &str) -> Result<(), TemplateError> {
    let properties: &Value = scope.document.properties(id);
    let topic: TopicProperties = TOPIC.read(scope, properties, id)?;
    let mut others = topic
        .subscription
        .iter()
        .filter(|one| !TELLS_A_PERSON.contains(&one.protocol.as_str()));
    match others.next() {
        Some(other) => Err(TemplateError::new(
            id,
            format!(
                "a {} subscription must be a resource of its own",
                other.protocol
            ),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use crate::template::tests::resolve;

    const MAIL_EVENTS: &str = r#"
Resources:
  Set: {Type: AWS::SES::ConfigurationSet, Properties: {Name: letters}}
  Topic: {Type: AWS::SNS::Topic}
  Queue: {Type: AWS::SQS::Queue}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Queue.Arn
      RawMessageDelivery: true
  Destination:
    Type: AWS::SES::ConfigurationSetEventDestination
    Properties:
      ConfigurationSetName: !Ref Set
      EventDestination:
        Name: reports
        Enabled: true
        MatchingEventTypes: [bounce, complaint]
        SnsDestination: {TopicARN: !GetAtt Topic.TopicArn}
"#;

    #[test]
    fn what_comes_back_of_mail_finds_its_queue() {
        let model = resolve(MAIL_EVENTS, &[]).unwrap();
        let [events] = model.mail_events.as_slice() else {
            panic!("{:?}", model.mail_events);
        };
        assert_eq!(events.queues, ["assetbox-queue"]);
        assert!(events.takes("letters", "Bounce"));
        assert!(!events.takes("letters", "Delivery"));
        assert!(!events.takes("others", "Bounce"));

        let off = MAIL_EVENTS.replace("Enabled: true", "Enabled: false");
        assert_eq!(resolve(&off, &[]).unwrap().mail_events, []);
        let people = MAIL_EVENTS.replace("Protocol: sqs", "Protocol: email");
        assert_eq!(resolve(&people, &[]).unwrap_err().at, "Destination");
    }

    #[test]
    fn a_way_of_mail_events_that_is_not_understood_is_refused() {
        let refused = [
            (
                "RawMessageDelivery: true",
                "RawMessageDelivery: false",
                "Subscription",
            ),
            ("Protocol: sqs", "Protocol: lambda", "Subscription"),
            (
                "Protocol: sqs",
                "Protocol: sqs\n      FilterPolicy: {a: [b]}",
                "Subscription",
            ),
            (
                "SnsDestination: {TopicARN: !GetAtt Topic.TopicArn}",
                "EventBridgeDestination: {}",
                "Destination",
            ),
            (
                "Topic: {Type: AWS::SNS::Topic}",
                "Topic: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: sqs, Endpoint: x}]}}",
                "Topic",
            ),
            (
                "Topic: {Type: AWS::SNS::Topic}",
                "Topic: {Type: AWS::SNS::Topic, Properties: {FifoTopic: true}}",
                "Topic",
            ),
            (
                "Topic: {Type: AWS::SNS::Topic}",
                "Topic: {Type: AWS::SNS::Topic}\n  Other: {Type: AWS::SES::ContactList}",
                "Other",
            ),
        ];
        for (before, after, at) in refused {
            let text = MAIL_EVENTS.replace(before, after);
            assert_ne!(text, MAIL_EVENTS, "{before}");
            assert_eq!(resolve(&text, &[]).unwrap_err().at, at, "{after}");
        }
    }
}
