//! Requests that controllers pass on.

use serde_json::Value;

use super::book::Book;
use super::{get, post};
use crate::support::controller::Controller;
use crate::support::{Bearer, Call, Person};

/// Each route twice: by the second version of the specification and by the first.
pub async fn exchanges(book: &mut Book<'_>) {
    let machine = book.machine;
    let nobody = machine.anonymous();
    let Bearer(token) = machine.controller("example").api.caller;
    // not a session: it is recognised without a call
    let by = |call: Call| call.header("authorization", &format!("Bearer {token}"));
    for (route, path) in [
        ("GET /opendsr/v2/discovery", "/opendsr/v2/discovery"),
        ("GET /opengdpr/v1/discovery", "/opengdpr/v1/discovery"),
        ("GET /opendsr/v2/certificate", "/opendsr/v2/certificate"),
    ] {
        book.pay(route, &nobody, get(path), 200).await;
    }
    let known = machine.user().await.person.email;
    for (collection, state, routes) in [
        (
            "/opendsr/v2/requests",
            "/opendsr/v2/status",
            [
                "POST /opendsr/v2/requests",
                "GET /opendsr/v2/requests/{id}",
                "GET /opendsr/v2/status/{id}",
                "DELETE /opendsr/v2/requests/{id}",
            ],
        ),
        (
            "/opengdpr/v1/opengdpr_requests",
            "/opengdpr/v1/status",
            [
                "POST /opengdpr/v1/opengdpr_requests",
                "GET /opengdpr/v1/opengdpr_requests/{id}",
                "GET /opengdpr/v1/status/{id}",
                "DELETE /opengdpr/v1/opengdpr_requests/{id}",
            ],
        ),
    ] {
        let [pass, show, status, cancel] = routes;
        for email in [&known, &Person::new().email] {
            let mut request = Controller::request("access", email, &[]);
            request["api_version"] = Value::Null;
            let call = by(post(collection, &request));
            book.pay(pass, &nobody, call, 201).await;
            let id = request["subject_request_id"].as_str().expect("an id");
            let path = format!("{collection}/{id}");
            book.pay(show, &nobody, by(get(&path)), 200).await;
            let call = by(get(format!("{state}/{id}")));
            book.pay(status, &nobody, call, 200).await;
            let call = by(Call::new("DELETE", path));
            book.pay(cancel, &nobody, call, 202).await;
        }
    }
}
