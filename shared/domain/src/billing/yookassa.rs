//! YooKassa's notifications are not signed: they count only as a hint, from the
//! provider's own networks, and the payment is fetched again.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks that notifications come from. Configuration: the list of the
/// provider's help pages is not confirmed first-hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources(Vec<IpNet>);

/// A text that is neither a network nor an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network such as 185.71.76.0/27")]
pub struct InvalidNetwork(pub String);

impl Sources {
    /// Of networks in CIDR form; a plain address is a network of one.
    ///
    /// # Errors
    /// [`InvalidNetwork`].
    pub fn parse<S: AsRef<str>>(networks: &[S]) -> Result<Self, InvalidNetwork> {
        let network = |text: &str| {
            text.parse::<IpNet>()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| InvalidNetwork(text.to_owned()))
        };
        networks
            .iter()
            .map(|text| network(text.as_ref().trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The address is in one of the networks; an IPv4 address may be written as IPv6.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_addresses_of_the_networks_are_sources() {
        let sources =
            Sources::parse(&["185.71.76.0/27", " 77.75.156.11", "2a02:5180::/32"]).unwrap();
        let contain = |text: &str| sources.contain(text.parse().unwrap());
        assert!(contain("185.71.76.0") && contain("185.71.76.31"));
        assert!(!contain("185.71.76.32") && !contain("185.71.75.255"));
        assert!(contain("77.75.156.11") && !contain("77.75.156.12"));
        assert!(contain("2a02:5180::1") && !contain("2a02:5181::1"));
        assert!(contain("::ffff:185.71.76.5"));
        assert!(!Sources::default().contain("127.0.0.1".parse().unwrap()));
        assert!(Sources::parse(&["185.71.76.0/33"]).is_err());
        assert!(Sources::parse(&["example.org"]).is_err());
    }
}
