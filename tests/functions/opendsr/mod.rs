//! OpenDSR: what the specification asks of a processor, and what happens to a request that a
//! controller passes on (clauses 6.3, 5.2b).

mod conformance;
mod course;

use assetbox_tests::{Answer, TestMachine};
use opendsr::signature::Certificate;

/// The certificate that discovery names.
async fn certificate(machine: &TestMachine) -> Certificate {
    let discovery = machine.anonymous().get("/opendsr/v2/discovery").await;
    let discovery = discovery.json(200);
    let address = discovery["processor_certificate"].as_str().unwrap();
    let path = address.strip_prefix(machine.api_url()).expect("our own");
    let pem = machine.anonymous().get(path).await;
    Certificate::from_pem(&pem.is(200).text()).unwrap()
}

/// An answer is signed as it is, under the names of both versions.
#[track_caller]
fn is_signed(answer: &Answer, certificate: &Certificate) {
    for version in ["opendsr", "opengdpr"] {
        let domain = answer.header(&format!("x-{version}-processor-domain"));
        assert_eq!(domain, Some("127.0.0.1"));
        let signature = answer.header(&format!("x-{version}-signature"));
        assert!(certificate.has_signed(&answer.body, signature.expect("a signature")));
    }
}
