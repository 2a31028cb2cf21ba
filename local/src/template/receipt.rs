//! `AWS::SES::ReceiptRule`: the way of letters to a bucket, and of their notifications to a queue.

use serde::Deserialize;

use super::TemplateError;
use super::mail::queues_of;
use super::properties::Known;
use super::resolve::Scope;

/// Where letters to some addresses arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The addresses.
    pub recipients: Vec<String>,
    /// The physical name of the bucket that a letter is put into.
    pub bucket: String,
    /// What the object's key begins with.
    pub prefix: String,
    /// The ARN of the topic that is told.
    pub topic: String,
    /// The physical names of the queues that the topic hands its messages to.
    pub queues: Vec<String>,
}

const RECEIPT_RULE: Known = Known {
    honoured: &[],
    // The rule is read by itself; one machine has one set of rules, and it is active.
    without_effect: &["After", "Rule", "RuleSetName"],
};

const RULE: Known = Known {
    honoured: &["Actions", "Enabled", "Recipients"],
    // On one machine whoever sends a letter says how its checks end.
    without_effect: &["Name", "ScanEnabled", "TlsPolicy"],
};

#[derive(Deserialize)]
struct ReceiptRule {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    actions: [RuleAction; 1],
    /// CloudFormation's default is an inactive rule.
    #[serde(default)]
    enabled: bool,
    recipients: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleAction {
    #[serde(rename = "S3Action")]
    s3: S3Action,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct S3Action {
    bucket_name: String,
    #[serde(default)]
    object_key_prefix: String,
    topic_arn: String,
}

/// Reads a receipt rule: one action that puts a letter into a bucket and tells a topic.
pub(super) fn read(
    receipt: &mut Option<Receipt>,
    scope: &Scope<'_>,
    id: &str,
) -> Result<(), TemplateError> {
    let properties = scope.document.properties(id);
    let ReceiptRule {} = RECEIPT_RULE.read(scope, properties, id)?;
    let rule: Rule = RULE.read(scope, &properties["Rule"], id)?;
    if !rule.enabled {
        return Ok(());
    }
    if receipt.is_some() {
        return Err(TemplateError::new(
            id,
            "only one receipt rule is understood",
        ));
    }
    let [RuleAction { s3 }] = rule.actions;
    *receipt = Some(Receipt {
        recipients: rule.recipients,
        bucket: s3.bucket_name,
        prefix: s3.object_key_prefix,
        queues: queues_of(scope, &s3.topic_arn, id)?,
        topic: s3.topic_arn,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use crate::template::tests::resolve;

    const RECEIPT: &str = r#"
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Queue: {Type: AWS::SQS::Queue}
  Bucket: {Type: AWS::S3::Bucket}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Queue.Arn
      RawMessageDelivery: true
  Set: {Type: AWS::SES::ReceiptRuleSet}
  Rule:
    Type: AWS::SES::ReceiptRule
    Properties:
      RuleSetName: !Ref Set
      Rule:
        Enabled: true
        Recipients: [privacy@example.com]
        Actions:
          - S3Action: {BucketName: !Ref Bucket, ObjectKeyPrefix: incoming/, TopicArn: !Ref Topic}
"#;

    #[test]
    fn letters_find_their_bucket_and_their_queue() {
        let receipt = resolve(RECEIPT, &[]).unwrap().receipt.expect("a rule");
        assert_eq!(receipt.recipients, ["privacy@example.com"]);
        assert_eq!(receipt.bucket, "assetbox-bucket");
        assert_eq!(receipt.prefix, "incoming/");
        assert_eq!(receipt.queues, ["assetbox-queue"]);
        let off = RECEIPT.replace("        Enabled: true\n", "");
        assert_eq!(resolve(&off, &[]).unwrap().receipt, None);
    }

    #[test]
    fn a_way_of_letters_that_is_not_understood_is_refused() {
        let action = "          - S3Action:";
        let refused = [
            ("S3Action: {", "S3Action: {KmsKeyArn: a, ".to_owned()),
            (
                "S3Action: {",
                "StopAction: {Scope: RuleSet}\n            S3Action: {".to_owned(),
            ),
            (
                action,
                format!("          - StopAction: {{Scope: RuleSet}}\n{action}"),
            ),
            ("TopicArn: !Ref Topic}", "TopicArn: elsewhere}".to_owned()),
            (
                "        Enabled: true",
                "        Enabled: true\n        Else: 1".to_owned(),
            ),
        ];
        for (before, after) in refused {
            let text = RECEIPT.replacen(before, &after, 1);
            assert_ne!(text, RECEIPT, "{before}");
            assert_eq!(resolve(&text, &[]).unwrap_err().at, "Rule", "{after}");
        }
        let (_, rule) = RECEIPT.split_once("  Rule:\n").expect("a rule");
        let twice = format!("{RECEIPT}  Second:\n{rule}");
        assert_eq!(resolve(&twice, &[]).unwrap_err().at, "Second");
    }
}
