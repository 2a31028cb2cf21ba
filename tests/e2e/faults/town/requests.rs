//! Requests of data subjects.

use serde_json::{Value, json};

use super::{MOST, Town, User, text};
use crate::support::{Call, Person};

impl Town {
    /// Makes a request, once: after an answer that was lost it looks whether the request is there.
    pub(super) async fn ask(&self, user: &User<'_>, body: &Value) -> String {
        let call = Call::new("POST", "/data-subject-requests").json(body);
        for _ in 0..MOST {
            if let Some(answer) = user.once(call.clone()).await {
                return text(&answer.json(201)["id"]);
            }
            let mine = user.get("/data-subject-requests").await.json(200);
            let mut mine = mine["items"].as_array().unwrap().iter();
            if let Some(there) = mine.find(|request| request["kind"] == body["kind"]) {
                return text(&there["id"]);
            }
        }
        panic!("the request is not taken");
    }

    async fn approve(&self, officer: &User<'_>, request: &str) {
        officer.get("/compliance/requests").await.is(200);
        let path = format!("/compliance/requests/{request}/approve");
        let already = [
            "request_state",
            "changed_meanwhile",
            "not_found",
            "being_erased",
        ];
        let reason = json!({"reason": "Checked."});
        let decided = officer.post(path, &reason).await;
        decided.is_or_was(200, &already);
        self.settle().await;
    }

    pub(super) async fn correction(&self, user: &User<'_>, officer: &User<'_>) {
        let body = json!({"kind": "rectification", "fields": {"position": "Director"}});
        let request = self.ask(user, &body).await;
        self.settle().await;
        self.approve(officer, &request).await;
        let view = user.get(format!("/data-subject-requests/{request}")).await;
        assert_eq!(view.json(200)["state"], "completed");
        assert_eq!(user.get("/me").await.json(200)["position"], "Director");
    }

    pub(super) async fn copy_of_data(&self, person: &Person) {
        let user = self.sign_in(person).await;
        let request = self.ask(&user, &json!({"kind": "access"})).await;
        self.settle().await;
        let path = format!("/data-subject-requests/{request}");
        assert_eq!(user.get(&path).await.json(200)["state"], "completed");
        let user = self.sign_in(person).await;
        let copy = user.get(format!("{path}/export")).await;
        assert!(copy.is(200).text().contains(&person.email));
    }

    /// Gives the certificate's address, as the letter has it.
    pub(super) async fn erasure(&self, person: &Person, officer: &User<'_>) -> String {
        let user = self.sign_in(person).await;
        let request = self.ask(&user, &json!({"kind": "erasure"})).await;
        self.settle().await;
        self.approve(officer, &request).await;
        let letters = self.machine.mails_to(&person.email).await;
        let of_case = letters.iter().find_map(|letter| {
            let (_, rest) = letter.text.as_deref()?.split_once("/certificates/")?;
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            Some(rest[..end.unwrap_or(rest.len())].to_owned())
        });
        format!("/certificates/{}", of_case.expect("a letter with the case"))
    }
}
