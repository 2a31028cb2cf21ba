//! The one AWS configuration of a process, made in the init phase.

use aws_config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_types::SdkConfig;
use std::time::Duration;

/// The roots that every certificate of AWS comes from, as Amazon Trust Services recommends them
/// to whoever keeps a trust store (<https://www.amazontrust.com/repository/>). Reading the
/// system's some hundred and forty takes longer than all the rest of a function's start.
const ROOTS: &[u8] = include_bytes!("aws_roots.pem");

/// Retries with backoff, and timeouts below the functions' own.
#[must_use]
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(4)
}

/// Timeouts of calls.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(8))
        .operation_timeout(Duration::from_secs(20))
        .build()
}

/// The configuration of the environment: region, role and endpoints as Lambda sets them.
pub async fn config() -> SdkConfig {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls())
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(https)
        .retry_config(retries())
        .timeout_config(timeouts())
        .load()
        .await
}

#[expect(clippy::expect_used, reason = "it only takes over what it is given")]
fn tls() -> TlsContext {
    TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(ROOTS))
        .build()
        .expect("a trust store is all that it needs")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_roots_are_those_of_amazon_trust_services() {
        let lines = std::str::from_utf8(ROOTS).unwrap().lines();
        let text: String = lines.filter(|line| !line.starts_with('#')).collect();
        let roots = text.split("-----BEGIN CERTIFICATE-----").skip(1);
        let prints: Vec<_> = roots
            .map(|root| root.strip_suffix("-----END CERTIFICATE-----").unwrap())
            .map(|root| hex::encode(Sha256::digest(STANDARD.decode(root).unwrap())))
            .collect();
        // as published on <https://www.amazontrust.com/repository/>: Amazon Root CA 1 to 4, and
        // Starfield Services Root Certificate Authority - G2
        assert_eq!(
            prints,
            [
                "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
                "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
                "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
                "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
                "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
            ]
        );
    }
}
