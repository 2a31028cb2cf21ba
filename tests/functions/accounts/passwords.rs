//! Links for a new password, after what they were for has changed.

use assetbox_tests::{Person, TestMachine, canary};
use domain::time::SignedDuration;
use serde_json::json;

async fn reset_link(machine: &TestMachine, person: &Person) -> String {
    // the same address gets one letter a minute
    machine.pass(SignedDuration::from_secs(61)).await;
    let body = json!({"email": person.email});
    let asked = machine.anonymous().post("/password-resets", &body).await;
    asked.is(202);
    machine.settled().await;
    machine.link(&person.email, "reset").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_void_once_the_password_or_the_address_was_changed() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let renewed = Person {
        email: Person::new().email,
        password: canary("Renewed"),
        ..user.person.clone()
    };
    let before_password = reset_link(&machine, &user.person).await;
    let passwords = json!({"current": user.person.password, "new": renewed.password});
    user.api.put("/me/password", &passwords).await.is(204);

    let before_address = reset_link(&machine, &user.person).await;
    assert_ne!(before_password, before_address);
    let body = json!({"new_email": renewed.email});
    user.api.post("/me/email-change", &body).await.is(202);
    machine.settled().await;
    for (address, kind) in [
        (&user.person.email, "email-old"),
        (&renewed.email, "email-new"),
    ] {
        let token = json!({"token": machine.link(address, kind).await});
        let path = "/me/email-change/confirm";
        machine.anonymous().post(path, &token).await.is(200);
    }

    for token in [before_password, before_address] {
        let body = json!({"token": token, "password": canary("Third")});
        let path = "/password-resets/confirm";
        let late = machine.anonymous().post(path, &body).await;
        late.problem(410, "link_used_or_over");
    }
    machine.sign_in(&renewed).await;
}
