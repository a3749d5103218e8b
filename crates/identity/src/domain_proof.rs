//! Whether a domain is somebody's: they publish below it what they were told to.

use std::{net::SocketAddr, sync::OnceLock, time::Duration};

use async_trait::async_trait;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError as Answer, NetError, NoRecords, runtime::TokioRuntimeProvider},
    proto::{op::ResponseCode, rr::RData},
};

/// How long a server of the domain name system may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// And how long all attempts together.
const ALL_WITHIN: Duration = Duration::from_secs(5);
/// Of more texts than this, the others are not looked at.
const MOST_TEXTS: usize = 100;

/// The domain name system could not be asked, or gave no answer. That says nothing of the domain.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the domain name system gives no answer: {0}")]
pub struct NoAnswer(pub String);

/// Reads what is published below a domain.
#[async_trait]
pub trait DomainProof: Send + Sync {
    /// The texts of all TXT records of a name; none where there is no such name or no such record.
    async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer>;
}

/// Whether a domain is somebody's as far as its TXT records tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The text is there.
    Proof,
    /// There are texts, and it is none of them.
    OtherTexts,
    Nothing,
}

/// Looks for a text among the TXT records of a name.
pub async fn look_for(dns: &dyn DomainProof, name: &str, text: &str) -> Result<Found, NoAnswer> {
    let texts = dns.texts(name).await?;
    Ok(if texts.iter().any(|found| found.trim() == text) {
        Found::Proof
    } else if texts.is_empty() {
        Found::Nothing
    } else {
        Found::OtherTexts
    })
}

/// Whether no single organisation can hold it: `com`, `co.uk`, `github.io`.
pub fn is_public_suffix(domain: &str) -> bool {
    psl::domain(domain.as_bytes()).is_none()
}

/// The domain name system itself.
pub struct Dns {
    server: Option<SocketAddr>,
    resolver: OnceLock<Result<TokioResolver, NoAnswer>>,
}

impl Dns {
    /// Asks the servers that this machine asks.
    pub const fn of_system() -> Self {
        Self { server: None, resolver: OnceLock::new() }
    }

    /// Asks one server.
    pub const fn at(server: SocketAddr) -> Self {
        Self { server: Some(server), resolver: OnceLock::new() }
    }

    fn build(&self) -> Result<TokioResolver, NetError> {
        let mut builder = match self.server {
            None => TokioResolver::builder_tokio()?,
            Some(address) => {
                let mut ways = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                ways.iter_mut().for_each(|way| way.port = address.port());
                let server = NameServerConfig::new(address.ip(), true, ways.to_vec());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.timeout = ANSWER_WITHIN;
        options.attempts = 1;
        // Whoever has just published a record wants it to be seen.
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        builder.build()
    }
}

#[async_trait]
impl DomainProof for Dns {
    async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let resolver =
            self.resolver.get_or_init(|| self.build().map_err(|error| NoAnswer(error.to_string())));
        let resolver = resolver.as_ref().map_err(Clone::clone)?;
        // With a point at its end a name is looked for as it is, and in no domain of this machine.
        let asked = tokio::time::timeout(ALL_WITHIN, resolver.txt_lookup(format!("{name}.")));
        let found = match asked.await {
            Ok(Ok(found)) => found,
            Ok(Err(NetError::Dns(Answer::NoRecordsFound(NoRecords {
                response_code: ResponseCode::NXDomain | ResponseCode::NoError,
                ..
            })))) => return Ok(Vec::new()),
            Ok(Err(error)) => return Err(NoAnswer(error.to_string())),
            Err(_) => return Err(NoAnswer(format!("nothing within {} s", ALL_WITHIN.as_secs()))),
        };
        let texts = found.answers().iter().filter_map(|record| match &record.data {
            // A long text comes in pieces.
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(texts.take(MOST_TEXTS).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::is_public_suffix;

    #[test]
    fn what_many_share_is_nobodys() {
        for shared in ["com", "co.uk", "github.io"] {
            assert!(is_public_suffix(shared), "{shared}");
        }
        for own in ["example.com", "mail.example.co.uk", "somebody.github.io"] {
            assert!(!is_public_suffix(own), "{own}");
        }
    }
}
