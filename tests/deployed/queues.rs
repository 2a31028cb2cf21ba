//! Messages that can't be handled: the others of their batch are done, they come again as often
//! as the template says and end as dead letters.

use assetbox_tests::pictures;
use serde_json::{Value, json};

use crate::deployment::{Deployment, until};
use crate::report::row;

const POISON: &str = "this is no event of a bucket";

impl Deployment {
    async fn attributes(&self, queue: &str) -> Value {
        let body = json!({"QueueUrl": self.name(queue), "AttributeNames": ["All"]});
        self.aws
            .json(("sqs", "AmazonSQS.GetQueueAttributes"), &body)
            .await["Attributes"]
            .clone()
    }

    /// How long a message that failed waits. The template's minutes are too long for a test.
    async fn visible_after(&self, queue: &str, seconds: &str) {
        let body =
            json!({"QueueUrl": self.name(queue), "Attributes": {"VisibilityTimeout": seconds}});
        self.aws
            .json(("sqs", "AmazonSQS.SetQueueAttributes"), &body)
            .await;
    }

    async fn waiting_in(&self, queue: &str) -> u64 {
        let attributes = self.attributes(queue).await;
        let count = |name: &str| attributes[name].as_str().unwrap().parse::<u64>().unwrap();
        count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesNotVisible")
    }

    /// Takes the messages of a queue; gives their bodies.
    async fn take(&self, queue: &str) -> Vec<String> {
        let body = json!({"QueueUrl": self.name(queue), "MaxNumberOfMessages": 10});
        let answer = self
            .aws
            .json(("sqs", "AmazonSQS.ReceiveMessage"), &body)
            .await;
        let mut taken = Vec::new();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let receipt =
                json!({"QueueUrl": self.name(queue), "ReceiptHandle": message["ReceiptHandle"]});
            self.aws
                .json(("sqs", "AmazonSQS.DeleteMessage"), &receipt)
                .await;
            taken.push(message["Body"].as_str().unwrap().to_owned());
        }
        taken
    }
}

/// Poisons a queue and follows the message to the dead letters.
async fn poison(deployed: &Deployment, queue: &str, dead: &str) {
    let before = deployed.attributes(queue).await;
    deployed.visible_after(queue, "1").await;
    let body = json!({"QueueUrl": deployed.name(queue), "MessageBody": POISON});
    deployed
        .aws
        .json(("sqs", "AmazonSQS.SendMessage"), &body)
        .await;
    let letters = until("a dead letter", || async {
        let letters = deployed.take(dead).await;
        (!letters.is_empty()).then_some(letters)
    })
    .await;
    deployed
        .visible_after(queue, before["VisibilityTimeout"].as_str().unwrap())
        .await;
    assert_eq!(letters, [POISON]);
    let allowed: Value = serde_json::from_str(before["RedrivePolicy"].as_str().unwrap()).unwrap();
    row(
        &format!("a poisoned message in {queue}"),
        &format!(
            "a dead letter, maxReceiveCount {}",
            allowed["maxReceiveCount"]
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn a_poisoned_message_ends_as_a_dead_letter() {
    let deployed = Deployment::open().await;
    let kinds = deployed.told.types.iter();
    let queues: Vec<&String> = kinds
        .filter(|(id, kind)| *kind == "AWS::SQS::Queue" && id.ends_with("Queue"))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(queues.len(), 5, "{queues:?}");
    for queue in queues {
        let dead = format!("{}DeadLetters", queue.trim_end_matches("Queue"));
        poison(&deployed, queue, &dead).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn the_others_of_its_batch_are_done() {
    let deployed = Deployment::open().await;
    let user = deployed.user().await;
    // with nothing to look for, a message is done well before it would come again
    let etag = user.api.get("/workspace").await.etag();
    let off = json!({"features": {"labels": false, "text": false, "moderation": false}});
    let changed = user.api.change("PATCH", "/workspace", &etag, Some(&off));
    changed.await.is(200);
    let before = deployed.attributes("TaggingQueue").await;
    deployed.visible_after("TaggingQueue", "3").await;
    let poison = json!({"QueueUrl": deployed.name("TaggingQueue"), "MessageBody": POISON});
    let mut assets = Vec::new();
    for _ in 0..3 {
        deployed
            .aws
            .json(("sqs", "AmazonSQS.SendMessage"), &poison)
            .await;
        let picture = pictures::png();
        assets.push(
            deployed
                .upload(&user, "dot.png", "image/png", &picture)
                .await,
        );
    }
    for asset in &assets {
        assert_eq!(deployed.looked_at(&user, asset).await["tagging"], "off");
    }
    until("an empty queue", || async {
        (deployed.waiting_in("TaggingQueue").await == 0).then_some(())
    })
    .await;
    let letters = deployed.take("TaggingDeadLetters").await;
    assert_eq!(letters, [POISON; 3]);
    let timeout = before["VisibilityTimeout"].as_str().unwrap();
    deployed.visible_after("TaggingQueue", timeout).await;
    row(
        "poison among good messages",
        "3 pictures handled, 3 dead letters, nothing else waits",
    );
}
