//! The template, the code and the OpenAPI document say the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Call, TestMachine, told};

fn document() -> Value {
    serde_json::to_value(assetbox::openapi::document()).unwrap()
}

/// The operations of a document by `METHOD /path`.
fn operations(document: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                all.insert(
                    format!("{} {path}", method.to_uppercase()),
                    operation.clone(),
                );
            }
        }
    }
    all
}

/// The routes of the template with the functions that they lead to.
pub fn routes(machine: &TestMachine) -> BTreeMap<String, String> {
    let routes = machine.model().routes.iter().map(|route| {
        let method = route.method.as_deref().expect("a method");
        (
            format!("{method} {}", route.path.as_deref().expect("a path")),
            route.function.clone(),
        )
    });
    routes.collect()
}

/// What an HTTP function documents and budgets.
pub struct Documented {
    /// Its part of the document.
    document: Value,
    /// The AWS calls that each route may make.
    pub budgets: &'static [(&'static str, u32)],
    /// The routes whose calls grow with what they read.
    pub unbounded: &'static [&'static str],
}

/// What each HTTP function documents and budgets, by its logical id.
pub fn functions() -> BTreeMap<&'static str, Documented> {
    let of = |document: utoipa::openapi::OpenApi, budgets| Documented {
        document: serde_json::to_value(document).unwrap(),
        budgets,
        unbounded: &[],
    };
    BTreeMap::from([
        ("SignupFunction", of(signup::openapi(), signup::BUDGETS)),
        (
            "AccountsFunction",
            of(accounts::openapi(), accounts::BUDGETS),
        ),
        (
            "PaymentsFunction",
            of(payments::openapi(), payments::BUDGETS),
        ),
        ("UploadsFunction", of(uploads::openapi(), uploads::BUDGETS)),
        ("AssetsFunction", of(assets::openapi(), assets::BUDGETS)),
        (
            "DataSubjectRequestsFunction",
            Documented {
                unbounded: data_subject_requests::UNBOUNDED,
                ..of(
                    data_subject_requests::openapi(),
                    data_subject_requests::BUDGETS,
                )
            },
        ),
        (
            "ComplianceFunction",
            Documented {
                unbounded: compliance::UNBOUNDED,
                ..of(compliance::openapi(), compliance::BUDGETS)
            },
        ),
        ("OpendsrFunction", of(opendsr::openapi(), opendsr::BUDGETS)),
        (
            "SiteFunction",
            Documented {
                unbounded: site::UNBOUNDED,
                ..of(site::openapi(), site::BUDGETS)
            },
        ),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_template_is_in_the_code_with_a_budget_and_back() {
    let machine = TestMachine::start().await;
    let declared = routes(&machine);
    let mut documented = BTreeMap::new();
    for (id, function) in functions() {
        let operations: BTreeSet<_> = operations(&function.document).into_keys().collect();
        let budgeted = function.budgets.iter().map(|(route, _)| *route);
        let known = budgeted.chain(function.unbounded.iter().copied());
        let known: Vec<String> = known.map(str::to_owned).collect();
        assert_eq!(operations.len(), known.len(), "{id}: each once");
        assert_eq!(operations, known.into_iter().collect(), "{id}");
        documented.extend(
            operations
                .into_iter()
                .map(|operation| (operation, id.to_owned())),
        );
    }
    assert_eq!(declared, documented);
    let merged: BTreeSet<_> = operations(&document()).into_keys().collect();
    assert_eq!(merged, declared.into_keys().collect());
}

#[test]
fn the_document_is_openapi_3_1_and_every_operation_says_what_it_does() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for (route, operation) in operations(&document) {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty(), "{route} has no summary");
    }
}

/// A call that fits the route's form, with ids that nobody has.
pub fn sample(route: &str) -> Call {
    let (method, path) = route.split_once(' ').unwrap();
    let path = path
        .replace("{case}", "cas_00000000000000000000000000000000")
        .replace("{provider}", "stripe")
        .replace("{processor}", "stripe")
        .replace("{purpose}", "marketing")
        .replace("{document}", "terms")
        .replace("{version}", "2026-11-22")
        .replace("{token}", "abl_x");
    let kinds = [
        ("/uploads/", "upl"),
        ("/assets/", "ast"),
        ("/disclosures/", "dis"),
        ("/incidents/", "inc"),
        ("/claims/", "clm"),
        ("/surveys/", "srv"),
    ];
    let kind = kinds.iter().find(|(part, _)| path.contains(part));
    let id = format!(
        "{}_00000000000000000000000000000000",
        kind.map_or("dsr", |(_, prefix)| *prefix)
    );
    let call = Call::new(method, path.replace("{id}", &id)).header("if-match", "\"1\"");
    if method == "GET" {
        call
    } else {
        call.json(&serde_json::json!({}))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_which_routes_need_a_session() {
    let machine = TestMachine::start().await;
    let mut wrong = Vec::new();
    for (route, operation) in operations(&document()) {
        let schemes = operation["security"].as_array();
        let open = schemes.is_none_or(|all| all.is_empty() || all.contains(&serde_json::json!({})));
        let answer = machine.anonymous().send(sample(&route)).await;
        let refused = answer.status == 401 && told(&answer).2["code"] == "sign_in_required";
        // A request by address or a mailed link needs no session, one without it does.
        let either = [
            "POST /data-subject-requests",
            "POST /data-subject-requests/{id}/confirm",
            "POST /data-subject-requests/{id}/cancel",
        ]
        .contains(&route.as_str());
        if refused == open && !either {
            wrong.push(format!(
                "{route}: documented as {}, answered {}",
                if open { "open" } else { "closed" },
                answer.status
            ));
        }
        assert!(answer.status.as_u16() < 500, "{route}: {}", answer.text());
    }
    assert_eq!(wrong, Vec::<String>::new());
}
