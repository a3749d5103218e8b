//! Codes of authenticator apps: TOTP (RFC 6238) with what every app can read – SHA-1, six digits, a
//! new code every 30 seconds.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use domain::account::Email;
use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use totp_rs::{Builder, Totp};

use crate::token::NoRandomness;

/// What the entry is called in the app.
const ISSUER: &str = "8thDegree";

const DIGITS: usize = 6;
const STEP_SECONDS: i64 = 30;

/// A clock may be wrong by one step in either direction.
const DRIFT: i64 = 1;

/// The light border that scanners need around a QR code, in modules.
const QUIET_ZONE: i32 = 4;

/// The length of a secret in bytes: 160 bits, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;

/// What the server and the app share. To be encrypted where it is stored.
pub struct Secret(SecretBox<[u8; SECRET_BYTES]>);

/// The QR code could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the key could not be written as an otpauth address")]
pub struct Unwritable;

impl Secret {
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Box::new([0; SECRET_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        Ok(Self(SecretBox::new(bytes)))
    }

    /// A secret as it was stored; none if it has another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(SecretBox::new(Box::new(bytes))))
    }

    pub fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        self.0.expose_secret()
    }

    /// The key to type where no camera is at hand: Base32 in groups of four.
    pub fn manual_key(&self) -> SecretString {
        let key = totp_rs::Secret::from(*self.as_bytes()).to_base32();
        let groups: Vec<&str> = (0..key.len()).step_by(4).filter_map(|at| key.get(at..at + 4)).collect();
        groups.join(" ").into()
    }

    /// The `otpauth:` address that apps read, as a link or from the QR code.
    pub fn uri(&self, account: &Email) -> Result<SecretString, Unwritable> {
        let totp = self.builder().with_issuer(Some(ISSUER)).with_account_name(account.as_str()).build();
        totp.and_then(|totp| totp.to_url()).map(SecretString::from).map_err(|_| Unwritable)
    }

    /// The QR code of the address as an SVG element, to be put into a page as it is. It has no
    /// style and asks for nothing, so that it stands under the strictest content security policy.
    pub fn qr_svg(&self, account: &Email) -> Result<SecretString, Unwritable> {
        let uri = self.uri(account)?;
        let code = QrCode::encode_text(uri.expose_secret(), QrCodeEcc::Medium).map_err(|_| Unwritable)?;
        Ok(svg(&code).into())
    }

    /// The step whose code this is, if it is one of about now and no step up to `last_step`, whose
    /// code was accepted before: a code that somebody saw over a shoulder opens nothing. The caller
    /// stores the step, in the same statement that asks whether it is still the latest.
    pub fn check(&self, code: &str, now: DateTime<Utc>, last_step: Option<i64>) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).take(DIGITS + 1).collect();
        // The window is ours, for a code seldom stands for two steps of it, of which one is spent.
        let totp = self.builder().with_skew(0).build().ok()?;
        let current = now.timestamp().div_euclid(STEP_SECONDS);
        (current - DRIFT..=current + DRIFT)
            .filter(|step| last_step.is_none_or(|last| *step > last))
            .find(|step| fits(&totp, &code, *step))
    }

    fn builder(&self) -> Builder {
        Builder::new().with_secret(*self.as_bytes())
    }
}

/// Whether the code is that of the step; compared in constant time.
fn fits(totp: &Totp, code: &str, step: i64) -> bool {
    u64::try_from(step * STEP_SECONDS).is_ok_and(|time| totp.check(code, time).is_some())
}

/// The dark modules as one path, row by row, on a light ground whatever the colours of the page.
fn svg(code: &QrCode) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let dark = (x..code.size()).take_while(|x| code.get_module(*x, y)).count() as i32;
            if dark > 0 {
                let (left, top) = (x + QUIET_ZONE, y + QUIET_ZONE);
                // Writing to a string cannot fail.
                let _ = write!(path, "M{left} {top}h{dark}v1h-{dark}z");
            }
            x += dark + 1;
        }
    }
    let side = code.size() + 2 * QUIET_ZONE;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label="QR code with the key for your authenticator app" shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>"##
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The key and, for each time, the last six digits of the code in RFC 6238, appendix B.
    const RFC_KEY: &[u8] = b"12345678901234567890";
    const RFC_CODES: &[(i64, &str)] = &[
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    fn rfc() -> Secret {
        Secret::from_bytes(RFC_KEY).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn ada() -> Email {
        Email::parse("ada+work@example.com").unwrap()
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (seconds, code) in RFC_CODES {
            assert_eq!(rfc().check(code, at(*seconds), None), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_wrong_by_one_step_and_no_more() {
        let (seconds, code) = (1_111_111_109, "081804");
        let step = seconds / 30;
        for (drift, accepted) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let found = rfc().check(code, at(seconds + drift), None);
            assert_eq!(found, accepted.then_some(step), "{drift} seconds");
        }
    }

    #[test]
    fn a_step_is_accepted_once_and_none_before_it_afterwards() {
        let secret = rfc();
        let (earlier, later) = ("081804", "050471");
        let now = at(1_111_111_111);
        let step = secret.check(later, now, None);
        assert_eq!(step, Some(1_111_111_111 / 30));
        assert_eq!(secret.check(later, now, step), None, "replayed");
        assert_eq!(secret.check(earlier, now, None), step.map(|step| step - 1));
        assert_eq!(secret.check(earlier, now, step), None, "older than the last one");
        assert_eq!(secret.check(later, now, step.map(|step| step - 1)), step);
    }

    #[test]
    fn spaces_in_a_code_do_not_matter_and_anything_else_does() {
        let now = at(1_111_111_109);
        for typed in ["081 804", " 08 18 04\n", "081\u{a0}804"] {
            assert!(rfc().check(typed, now, None).is_some(), "{typed:?}");
        }
        for wrong in ["", "081805", "81804", "0818040", "+81804", "08180a", "٠٨١٨٠٤", "081804 1"] {
            assert_eq!(rfc().check(wrong, now, None), None, "{wrong:?}");
        }
    }

    #[test]
    fn times_at_the_edges_are_no_accident() {
        for seconds in [0, -1, -1_000_000] {
            assert_eq!(rfc().check("081804", at(seconds), None), None);
        }
    }

    #[test]
    fn every_secret_is_new_and_survives_storage() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(one.as_bytes(), other.as_bytes());
        assert_eq!(Secret::from_bytes(one.as_bytes()).unwrap().as_bytes(), one.as_bytes());
        assert!(Secret::from_bytes(&one.as_bytes()[1..]).is_none());
    }

    #[test]
    fn the_manual_key_is_base32_in_groups_of_four() {
        let key = rfc().manual_key();
        assert_eq!(key.expose_secret(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn the_address_names_the_site_and_the_account() {
        let uri = rfc().uri(&ada()).unwrap();
        let uri = uri.expose_secret();
        assert!(uri.starts_with("otpauth://totp/8thDegree:ada%2Bwork%40example.com?"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{uri}");
        assert!(uri.contains("issuer=8thDegree"), "{uri}");
    }

    #[test]
    fn the_qr_code_shows_the_address_in_one_path_without_style() {
        let svg = rfc().qr_svg(&ada()).unwrap();
        let svg = svg.expose_secret();
        assert_eq!(svg.matches("<path").count(), 1);
        assert!(svg.contains("role=\"img\"") && svg.contains("aria-label="), "{svg}");
        for forbidden in ["style", "href", "url(", "<script", "<image", "example.com"] {
            assert!(!svg.contains(forbidden), "{forbidden}");
        }
        let code =
            QrCode::encode_text(rfc().uri(&ada()).unwrap().expose_secret(), QrCodeEcc::Medium).unwrap();
        assert_eq!(painted(svg, code.size()), modules(&code));
    }

    fn modules(code: &QrCode) -> Vec<(i32, i32)> {
        let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        all.filter(|(x, y)| code.get_module(*x, *y)).collect()
    }

    /// Which modules the path paints, read back from its commands.
    fn painted(svg: &str, size: i32) -> Vec<(i32, i32)> {
        let path = svg.split_once("d=\"").unwrap().1.split_once('"').unwrap().0;
        let mut painted = Vec::new();
        for run in path.split('M').skip(1) {
            let (left, rest) = run.split_once(' ').unwrap();
            let (top, rest) = rest.split_once('h').unwrap();
            let (width, back) = rest.split_once("v1h-").unwrap();
            assert_eq!(back, format!("{width}z"));
            let (left, top): (i32, i32) = (left.parse().unwrap(), top.parse().unwrap());
            let width: i32 = width.parse().unwrap();
            painted.extend((left..left + width).map(|x| (x - QUIET_ZONE, top - QUIET_ZONE)));
        }
        assert!(painted.iter().all(|(x, y)| (0..size).contains(x) && (0..size).contains(y)));
        painted
    }
}
