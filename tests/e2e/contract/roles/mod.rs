//! The roles of the template: what they don't allow is refused, and they allow nothing that no
//! function uses.

mod exchanges;
mod mail;
mod registers;
mod site;
mod story;

use std::collections::BTreeSet;

use assetbox::MachineOptions;
use assetbox::cloud::{Call, Use};

use super::registers::staff;
use crate::support::provider::Provider;
use crate::support::{Person, TestMachine, tick};

async fn changed(before: &str, after: &str) -> TestMachine {
    let template = MachineOptions::default().template;
    assert!(template.contains(before), "{before}");
    TestMachine::start_with(MachineOptions {
        template: template.replace(before, after),
        ..MachineOptions::default()
    })
    .await
}

fn denied(machine: &TestMachine) -> Vec<Call> {
    let calls = machine.calls().since(0).into_iter();
    calls.filter(|call| call.denied.is_some()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_the_role_does_not_allow_is_refused_and_does_nothing() {
    let machine = changed("                  - kms:GenerateDataKey\n", "").await;
    let person = Person::new();
    let form = person.form(&[tick(&machine, "processing-consent", true)]);
    let answer = machine.anonymous().post("/signup", &form).await;
    assert!(answer.status.is_server_error(), "{}", answer.text());
    let denied = denied(&machine);
    let [call] = denied.as_slice() else {
        panic!("one denied call: {denied:?}");
    };
    assert_eq!(
        (call.caller.as_str(), call.service, call.operation.as_str()),
        ("SignupFunction", "kms", "GenerateDataKey")
    );
    assert_eq!(machine.items("PeopleTable").await.len(), 0);
    assert_eq!(machine.items("KeysTable").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_list_a_bucket_is_not_told_that_an_object_is_missing() {
    let path = "/certificates/cas_00000000000000000000000000000000";
    let machine = TestMachine::start().await;
    machine
        .anonymous()
        .get(path)
        .await
        .problem(404, "not_found");
    assert_eq!(denied(&machine), []);
    let machine = changed("Action: s3:ListBucket\n", "Action: s3:ListBucketVersions\n").await;
    assert_ne!(machine.anonymous().get(path).await.status, 404);
    assert_eq!(denied(&machine)[0].status, Some(403));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_right_that_a_role_gives_is_used() {
    let provider = Provider::start().await;
    let machine = TestMachine::start_with(MachineOptions {
        parameters: [("StripeApiUrl".to_owned(), provider.url.clone())].into(),
        staff: staff(),
        ..MachineOptions::default()
    })
    .await;
    let seen = story::walk(&machine, &provider).await;
    assert_eq!(denied(&machine), [], "no role lacks anything");
    seen.is_explained();
    let functions = machine.model().functions.iter();
    let by_lambda: BTreeSet<Use> = functions
        .flat_map(|function| {
            let needs = function.lambda_needs.iter();
            let grants = needs.filter_map(|need| function.role.allows(need));
            grants.map(|grant| Use {
                function: function.id.clone(),
                action: grant.action.clone(),
                resource: grant.resource.clone(),
            })
        })
        .collect();
    let used: BTreeSet<Use> = machine.roles().used().union(&by_lambda).cloned().collect();
    let granted = machine.roles().granted();
    let unused: Vec<_> = granted.difference(&used).collect();
    assert!(unused.is_empty(), "granted and not used: {unused:#?}");
}
