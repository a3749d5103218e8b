//! Devices that a person is known to use: whoever signs in from another one makes a letter.

use std::net::IpAddr;

use domain::browser::browser_name;
use mail::Letter;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::sessions::Device;
use crate::{Result, Services, letters};

/// Tells a person of a sign-in from a device that is new to us.
pub(super) async fn tell(
    services: &Services,
    db: &mut PgConnection,
    email: &str,
    device: &Device,
) -> Result<()> {
    let (device, place) = in_words(services, device);
    letters::send(services, db, email, Letter::NewSignIn { device, place, at: services.now() }).await
}

/// A device as its owner knows it: the browser, and the place and the address it calls from.
pub(super) fn in_words(services: &Services, device: &Device) -> (String, String) {
    let place = match device.address {
        Some(address) => services.places.in_words(address),
        None => "an unknown place".to_owned(),
    };
    (browser_name(&device.user_agent), place)
}

/// The kind of browser and the network, which stay the same when the browser is renewed or the
/// provider gives out another address.
pub(super) fn fingerprint(device: &Device) -> [u8; 32] {
    let network = match device.address.map(|address| address.to_canonical()) {
        None => Vec::new(),
        Some(IpAddr::V4(address)) => address.octets()[..3].to_vec(),
        Some(IpAddr::V6(address)) => address.octets()[..6].to_vec(),
    };
    let mut hash = Sha256::new();
    hash.update(browser_name(&device.user_agent));
    hash.update([0]);
    hash.update(network);
    hash.finalize().into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_the_same_after_an_update_and_in_the_same_network() {
        let device = |version: u32, address: &str| Device {
            user_agent: format!(
                "Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
            ),
            address: Some(address.parse().unwrap()),
            ..Device::default()
        };
        let known = fingerprint(&device(140, "192.0.2.1"));
        assert_eq!(known, fingerprint(&device(141, "192.0.2.77")));
        assert_eq!(known, fingerprint(&device(140, "::ffff:192.0.2.1")));
        assert_ne!(known, fingerprint(&device(140, "192.0.3.1")));
        assert_eq!(fingerprint(&device(1, "2001:db8:1::1")), fingerprint(&device(1, "2001:db8:1:ffff::9")));
        assert_ne!(fingerprint(&device(1, "2001:db8:1::1")), fingerprint(&device(1, "2001:db8:2::1")));
        assert_ne!(known, fingerprint(&Device::default()));
    }
}
