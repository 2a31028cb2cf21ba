//! What comes back of sent mail, through the template's topic to its queues.

use local_services::{MailEvent, Mailbox, Sqs};

use crate::template::MailEvents;

/// Sends every event of sent mail to the queues of the destinations that take it, before
/// the sending is acknowledged.
pub(super) fn subscribe(mailbox: &Mailbox, sqs: &Sqs, destinations: &[MailEvents]) {
    let (sqs, destinations) = (sqs.clone(), destinations.to_vec());
    mailbox.subscribe(move |event: MailEvent| {
        let takers = destinations
            .iter()
            .filter(|one| one.takes(&event.configuration_set, event.event_type));
        let queues: Vec<String> = takers.flat_map(|one| one.queues.clone()).collect();
        send(sqs.clone(), queues, event.body)
    });
}

async fn send(sqs: Sqs, queues: Vec<String>, body: String) {
    for queue in queues {
        if let Err(error) = sqs.send(&queue, body.as_str()).await {
            tracing::error!(queue, %error, "an event of sent mail was lost");
        }
    }
}
