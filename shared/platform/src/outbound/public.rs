//! Which network addresses are the public internet's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4 that are nobody's on the internet, or ours: IANA's registry
/// of special-purpose addresses, with multicast and what is reserved. The
/// metadata of a machine at AWS are at 169.254.169.254.
const SPECIAL_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// Networks within global unicast (2000::/3) that are not the internet's, or lead
/// to addresses of IPv4 that are hidden in them: protocol assignments with Teredo,
/// documentation, 6to4, AS112.
const SPECIAL_V6: [([u16; 3], u32); 5] = [
    ([0x2001, 0, 0], 23),
    ([0x2001, 0xdb8, 0], 32),
    ([0x2002, 0, 0], 16),
    ([0x2620, 0x4f, 0x8000], 48),
    ([0x3fff, 0, 0], 20),
];

/// Whether an address is one of the public internet. What is not known to be is not.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    let within = |(network, length): &([u8; 4], u32)| {
        let mask = u32::MAX << (32 - length);
        bits & mask == u32::from(Ipv4Addr::from(*network))
    };
    !SPECIAL_V4.iter().any(within)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = u128::from(address);
    let within = |network: [u16; 3], length: u32| {
        let [a, b, c] = network;
        let network = u128::from(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0));
        let mask = u128::MAX << (128 - length);
        bits & mask == network
    };
    let is_special = SPECIAL_V6
        .iter()
        .any(|(network, length)| within(*network, *length));
    within([0x2000, 0, 0], 3) && !is_special
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn the_internet_is_public_and_what_is_ours_is_not() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "2001:200::1",
        ] {
            assert!(public(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "169.254.170.2",
            "172.31.255.255",
            "192.168.0.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:1.1.1.1",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_the_standard_library_knows_as_ours_is_public(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let ours = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_unspecified();
            prop_assert!(!(ours && is_public(address.into())));
        }

        #[test]
        fn no_network_is_public_at_its_ends_or_within(at in 0..SPECIAL_V4.len(), host: u32) {
            let (network, length) = SPECIAL_V4[at];
            let (network, rest) = (u32::from(Ipv4Addr::from(network)), u32::MAX >> length);
            for bits in [network, network | rest, network | (host & rest)] {
                prop_assert!(!is_public(Ipv4Addr::from(bits).into()));
            }
        }

        #[test]
        fn an_address_of_ipv4_is_not_let_through_in_a_dress_of_ipv6(bits: u32) {
            let hidden = Ipv4Addr::from(bits);
            prop_assert!(!is_public(hidden.to_ipv6_mapped().into()));
            prop_assert!(!is_public(hidden.to_ipv6_compatible().into()));
        }

        #[test]
        fn nothing_of_ipv6_is_public_that_has_a_name_as_ours(bits: u128) {
            let address = Ipv6Addr::from(bits);
            let ours = address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local();
            prop_assert!(!(ours && is_public(address.into())));
        }
    }
}
