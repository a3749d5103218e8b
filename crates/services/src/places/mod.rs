//! Where an address of the network is, as far as a database of places tells.

use std::{net::IpAddr, path::Path, sync::Arc};

use maxminddb::{LookupResult, MaxMindDbError, PathElement::Key, Reader};

/// The countries of ISO 3166-1 in English, a line each: the code, a space, the name.
const COUNTRIES: &str = include_str!("countries.txt");

/// A database in the format of MaxMind, in memory; or none, and every place is unknown. Clones share it.
#[derive(Clone, Default)]
pub struct Places(Option<Arc<Reader<Vec<u8>>>>);

impl Places {
    /// Reads a database.
    ///
    /// # Errors
    /// Where there is no such file, or it is no database.
    pub fn open(file: &Path) -> Result<Self, MaxMindDbError> {
        Ok(Self(Some(Arc::new(Reader::open_readfile(file)?))))
    }

    /// The place of an address and the address, such as `Lisbon, Portugal · 192.0.2.7`.
    pub fn in_words(&self, address: IpAddr) -> String {
        let address = address.to_canonical();
        let place = match whose_own(address) {
            Some(own) => own.to_owned(),
            None => self.find(address).unwrap_or_else(|| "place unknown".to_owned()),
        };
        format!("{place} · {address}")
    }

    /// The city and the country, as far as they are known.
    fn find(&self, address: IpAddr) -> Option<String> {
        let found = self.0.as_ref()?.lookup(address).ok()?;
        let country = text(&found, &["country", "names", "en"]).map(str::to_owned).or_else(|| {
            // Some databases have nothing but the code.
            let code = text(&found, &["country", "iso_code"]).or_else(|| text(&found, &["country_code"]))?;
            Some(country(code).to_owned())
        });
        let city = text(&found, &["city", "names", "en"]).map(str::to_owned);
        let known: Vec<_> = [city, country].into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.join(", "))
    }
}

/// A text of an entry. One that is not there, or is none, is not known.
fn text<'a>(found: &LookupResult<'a, Vec<u8>>, path: &[&str]) -> Option<&'a str> {
    let path: Vec<_> = path.iter().map(|key| Key(key)).collect();
    found.decode_path::<&str>(&path).ok().flatten().filter(|text| !text.is_empty())
}

/// The name of a country, or the code where it has none.
fn country(code: &str) -> &str {
    let mut countries = COUNTRIES.lines().filter_map(|line| line.split_once(' '));
    countries.find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

/// What an address is that no database can tell anything of.
fn whose_own(address: IpAddr) -> Option<&'static str> {
    let private = match address {
        IpAddr::V4(v4) => {
            // Those from 100.64 on a provider has for itself and its customers (RFC 6598).
            let shared = matches!(v4.octets(), [100, 64..=127, ..]);
            v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if address.is_loopback() { Some("this machine") } else { private.then_some("a private network") }
}
