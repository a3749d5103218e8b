//! Signing in with accounts at other sites, and connecting them to one's own.
//!
//! Somebody is sent away with a cookie ([`begin()`]), and comes back with an answer ([`come_back()`]).
//! Who is known is let in; who is not, and whose address nobody has here, may join ([`finish()`]). An
//! account is never connected because of an address: its owner does that, signed in ([`Purpose::Link`]).
//! The people of an organisation are the exception (`member`): it owns their addresses.

mod begin;
mod come_back;
mod connections;
mod finish;
mod flow;
mod member;
mod outside;
mod source;

use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};

use domain::account::FlowPurpose;
use identity::external::{ExternalError, Http, Provider, ProviderKind, Providers};
use reqwest::redirect::Policy;

pub use self::{
    begin::{Begun, Leaving, Purpose, begin, begin_with_organisation, leaving},
    come_back::{Arrived, Failed, come_back},
    connections::{Connection, connected_providers, connections, disconnect},
    finish::{Joining, finish, joining},
};
use crate::{Services, organisations::Issuers};

/// How long a provider may take to be reached.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The providers, and the way to them.
#[derive(Clone, Debug)]
pub struct External {
    pub(crate) providers: Providers,
    pub(crate) http: Http,
    /// The way to issuers that organisations name.
    outside: Http,
    /// Whether organisations may name issuers on this machine.
    pub(crate) local_issuers: bool,
    pub(crate) issuers: Arc<Issuers>,
}

impl External {
    pub fn new(providers: Providers) -> Self {
        let (http, outside) = (http(), outside::http());
        Self { providers, http, outside, local_issuers: false, issuers: Arc::default() }
    }

    /// Lets organisations name issuers on this machine and in this network, for trying things out.
    pub fn with_local_issuers(self) -> Self {
        Self { outside: self.http.clone(), local_issuers: true, ..self }
    }
}

impl Default for External {
    fn default() -> Self {
        Self::new(Providers::default())
    }
}

/// The way to the providers that the operator named. It follows no redirect, which would take secrets
/// to where nobody sent them.
fn http() -> Http {
    // Made with the first request: until then the process may not have chosen its TLS.
    let client = Arc::new(OnceLock::new());
    Http::new(move |request| {
        let client = client.clone();
        async move {
            let client: &Result<reqwest::Client, reqwest::Error> = client.get_or_init(|| {
                reqwest::Client::builder()
                    .redirect(Policy::none())
                    .connect_timeout(CONNECT_WITHIN)
                    .user_agent("8thDegree")
                    .build()
            });
            let client = client.as_ref().map_err(ToString::to_string)?;
            let response = client.execute(request.try_into()?).await?;
            Ok::<_, Box<dyn Error + Send + Sync>>(http::Response::<reqwest::Body>::from(response))
        }
    })
}

/// Whose sign a button shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brand {
    Github,
    Google,
    Other,
}

/// A provider as a page offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub id: String,
    /// What the button says, after "Continue with".
    pub label: String,
    pub brand: Brand,
}

impl Offer {
    fn of(provider: &Provider) -> Self {
        let brand = match provider.kind() {
            ProviderKind::Github { .. } => Brand::Github,
            ProviderKind::Google { .. } => Brand::Google,
            ProviderKind::Oidc { .. } => Brand::Other,
        };
        Self { id: provider.id().to_string(), label: provider.label().to_owned(), brand }
    }
}

/// The providers with which anybody may sign in, in the order in which they are offered.
pub fn offers(services: &Services) -> Vec<Offer> {
    services.external.providers.iter().map(|provider| Offer::of(provider)).collect()
}

/// Why somebody who went to another site does not get what they wanted. The page they are led back
/// to tells them what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// They said no over there.
    Declined,
    /// Too late, or a second time.
    Expired,
    /// The answer belongs to another browser, or to nothing that was begun.
    Lost,
    /// The provider does not answer.
    Unavailable,
    /// What it answers cannot be used; only the operator can help.
    Failed,
    /// It told no address that it has verified.
    NoAddress,
    /// The address has an account here, whose owner must connect the two.
    AddressTaken,
    /// The account there is connected to somebody else here.
    TakenBySomebody,
    /// Another account there is connected already.
    HasOne,
    /// Whoever came back is not the person who is signed in.
    SomebodyElse,
    /// The address is another one than that of the person who is signed in.
    OtherAddress,
    /// The address is not one that the organisation vouches for.
    ForeignAddress,
    /// The organisation lets nobody in whose groups are these.
    NoGroup,
    /// An administrator connects the account of an organisation only when signed in.
    Administrator,
    /// The address is one of an organisation that lets its people in by its own issuer alone.
    OrganisationOnly,
}

impl Trouble {
    /// What addresses and the audit log call each.
    const ALL: [(Self, &'static str); 15] = [
        (Self::Declined, "declined"),
        (Self::Expired, "expired"),
        (Self::Lost, "lost"),
        (Self::Unavailable, "unavailable"),
        (Self::Failed, "failed"),
        (Self::NoAddress, "no_address"),
        (Self::AddressTaken, "address_taken"),
        (Self::TakenBySomebody, "taken"),
        (Self::HasOne, "has_one"),
        (Self::SomebodyElse, "somebody_else"),
        (Self::OtherAddress, "other_address"),
        (Self::ForeignAddress, "foreign_address"),
        (Self::NoGroup, "no_group"),
        (Self::Administrator, "administrator"),
        (Self::OrganisationOnly, "organisation_only"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(trouble, _)| *trouble == self).map_or("", |(_, text)| text)
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == text).map(|(trouble, _)| *trouble)
    }
}

impl From<&ExternalError> for Trouble {
    fn from(error: &ExternalError) -> Self {
        match error {
            ExternalError::Denied => Self::Declined,
            ExternalError::Expired => Self::Expired,
            ExternalError::Mismatch(_) => Self::Lost,
            ExternalError::Unavailable(_) => Self::Unavailable,
            ExternalError::Misconfigured(_) | ExternalError::Untrusted(_) => Self::Failed,
        }
    }
}

/// Tells the operator what only they can do something about.
fn log(provider: &str, error: &ExternalError) {
    match error {
        ExternalError::Denied | ExternalError::Expired => {
            tracing::debug!(provider, %error, "a sign-in with another site did not succeed");
        }
        _ => tracing::warn!(provider, %error, "a sign-in with another site did not succeed"),
    }
}

/// The page on which something was begun, where one is led back if it does not succeed.
pub fn origin_page(purpose: FlowPurpose) -> &'static str {
    match purpose {
        FlowPurpose::SignIn | FlowPurpose::SignUp => "/sign-in",
        FlowPurpose::Link => "/account/connections",
        FlowPurpose::Confirm => "/confirm",
        FlowPurpose::Try => "/account/organisation",
    }
}
