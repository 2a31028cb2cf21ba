//! Calls to addresses that somebody else has named: only by https, only to hosts
//! that are registered, and only to public network addresses, looked at when the
//! connection is made, so that no name can lead elsewhere a moment later.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
    vec,
};

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};
use lambda_http::tower::Service;

use super::{OutboundError, https::Https, is_public};

/// Short: those who wait behind a silent host have to be called as well.
const TIMEOUT: Duration = Duration::from_secs(3);
const MAX_URL_BYTES: usize = 2000;

/// Why an address may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCallable {
    /// It is no address, or one with a user, a fragment or characters that have no place there.
    #[error("it is no https address without user and fragment")]
    Malformed,
    /// Only https, on its own port.
    #[error("only https on port 443 is called")]
    NotHttps,
    /// The host is nobody's that is registered.
    #[error("its host is not registered")]
    Host,
}

/// An address that may be called, as long as its name leads to the public internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callable(Uri);

/// A client for addresses that somebody else has named. It follows no redirect and
/// keeps no connection.
#[derive(Debug, Clone)]
pub struct Guarded {
    loopback: bool,
    client: Https<Resolver>,
}

impl Guarded {
    /// With the system's root certificates. Where `loopback` is configured, registered
    /// hosts of the loopback interface can be called as well, on any port and by plain
    /// `http`: for one machine.
    #[must_use]
    pub fn new(loopback: bool) -> Self {
        let http = HttpConnector::new_with_resolver(Resolver { loopback });
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_max_idle_per_host(0);
        Self {
            loopback,
            client: Https::over(http, builder),
        }
    }

    /// Whether an address may be called, when these hosts are registered.
    ///
    /// # Errors
    /// [`NotCallable`].
    pub fn check(&self, url: &str, hosts: &[String]) -> Result<Callable, NotCallable> {
        check(self.loopback, url, hosts)
    }

    /// Posts a body of JSON with these headers; gives the answer's status. Its body is
    /// not read.
    ///
    /// # Errors
    /// [`OutboundError`]: also when the name leads to an address that is not public.
    pub async fn post(
        &self,
        to: &Callable,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<StatusCode, OutboundError> {
        let mut request = Request::post(to.0.clone()).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| OutboundError::Invalid(error.to_string()))?;
        let call = self.client.request(request);
        let answer = tokio::time::timeout(TIMEOUT, call).await;
        let answer = answer.map_err(|_| OutboundError::Unavailable)?;
        Ok(answer?.status())
    }
}

fn check(loopback: bool, url: &str, hosts: &[String]) -> Result<Callable, NotCallable> {
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable || url.len() > MAX_URL_BYTES || url.contains(['#', '@', '\\']) {
        return Err(NotCallable::Malformed);
    }
    let uri: Uri = url.parse().map_err(|_| NotCallable::Malformed)?;
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
        return Err(NotCallable::Malformed);
    };
    if !hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
        return Err(NotCallable::Host);
    }
    if loopback && is_loopback(host) && matches!(scheme, "http" | "https") {
        return Ok(Callable(uri));
    }
    if scheme != "https" || !matches!(uri.port_u16(), None | Some(443)) {
        return Err(NotCallable::NotHttps);
    }
    // an address in place of a name would pass the resolver by
    if host.starts_with('[') || host.parse::<IpAddr>().is_ok() || !host.contains('.') {
        return Err(NotCallable::Host);
    }
    Ok(Callable(uri))
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// Finds the addresses of a name, if every one of them may be called.
#[derive(Debug, Clone, Copy)]
struct Resolver {
    loopback: bool,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            resolver.admit(found.collect())
        })
    }
}

impl Resolver {
    /// A name with one address that is not public is not one that leads to the internet.
    fn admit(self, found: Vec<SocketAddr>) -> io::Result<vec::IntoIter<SocketAddr>> {
        let is_own = |address: IpAddr| self.loopback && address.is_loopback();
        let may = |address: IpAddr| is_public(address) || is_own(address);
        if found.iter().all(|address| may(address.ip())) {
            return Ok(found.into_iter());
        }
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the name leads to an address that is not public",
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn registered() -> Vec<String> {
        ["dsr.acme.example", "127.0.0.1", "localhost", "10.0.0.1"]
            .map(str::to_owned)
            .into()
    }

    fn check(loopback: bool, url: &str) -> Result<Callable, NotCallable> {
        super::check(loopback, url, &registered())
    }

    #[test]
    fn only_registered_hosts_are_called_and_only_by_https() {
        assert!(check(false, "https://dsr.acme.example/callbacks?a=b").is_ok());
        assert!(check(false, "https://DSR.acme.example:443/").is_ok());
        for (url, why) in [
            ("http://dsr.acme.example/", NotCallable::NotHttps),
            ("https://dsr.acme.example:8443/", NotCallable::NotHttps),
            ("ftp://dsr.acme.example/", NotCallable::NotHttps),
            ("https://acme.example/", NotCallable::Host),
            ("https://dsr.acme.example.evil.example/", NotCallable::Host),
            ("https://dsr.acme.example./", NotCallable::Host),
            (
                "https://dsr.acme.example@evil.example/",
                NotCallable::Malformed,
            ),
            (
                "https://evil.example#dsr.acme.example",
                NotCallable::Malformed,
            ),
            (
                "https://evil.example\\@dsr.acme.example/",
                NotCallable::Malformed,
            ),
            ("https://dsr.acme.example/\r\nx: y", NotCallable::Malformed),
            ("/callbacks", NotCallable::Malformed),
            ("", NotCallable::Malformed),
        ] {
            assert_eq!(check(false, url).unwrap_err(), why, "{url}");
            assert!(check(true, url).is_err(), "{url}");
        }
    }

    #[test]
    fn addresses_are_no_names_and_loopback_is_called_only_where_it_is_configured() {
        for url in ["https://127.0.0.1/", "https://localhost/"] {
            assert_eq!(check(false, url).unwrap_err(), NotCallable::Host, "{url}");
        }
        assert!(check(true, "http://127.0.0.1:8080/callbacks").is_ok());
        assert!(check(true, "http://10.0.0.1/").is_err());
        assert!(check(true, "https://10.0.0.1/").is_err());
    }

    #[test]
    fn one_address_that_is_not_public_spoils_a_name() {
        let admit = |loopback: bool, found: &[&str]| {
            let found = found.iter().map(|text| text.parse().unwrap());
            Resolver { loopback }.admit(found.collect()).is_ok()
        };
        assert!(admit(false, &["1.1.1.1:0", "[2606:4700::1111]:0"]));
        assert!(!admit(false, &["1.1.1.1:0", "169.254.169.254:0"]));
        assert!(!admit(false, &["127.0.0.1:0"]));
        assert!(admit(true, &["127.0.0.1:0", "[::1]:0"]));
        assert!(!admit(true, &["192.168.0.1:0"]));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_called() {
        // resolved by the system, whatever is registered
        let mut resolver = Resolver { loopback: false };
        let outcome = resolver.call("localhost".parse().unwrap()).await;
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    proptest! {
        #[test]
        fn what_is_put_around_a_registered_name_does_not_lead_elsewhere(
            before in "[a-z0-9.:@/\\\\#-]{0,12}", after in "[a-z0-9.:@/\\\\#?-]{0,12}",
        ) {
            let url = format!("https://{before}dsr.acme.example{after}");
            if let Ok(Callable(uri)) = check(false, &url) {
                prop_assert_eq!(uri.host(), Some("dsr.acme.example"));
                prop_assert!(before.is_empty());
            }
        }
    }
}
