//! Passkeys (WebAuthn): a way in without a password, and a second factor beside one.
//!
//! A ceremony has two halves. The first makes options for the browser and a state; the state is
//! kept on the server, bound to the session or the sign-in it belongs to, and taken away when the
//! second half reads it: whoever could bring their own state could replay an old answer.
//!
//! Each passkey verifies the person itself, by a fingerprint or a PIN, and can be found without a
//! name, so that any of them serves for both purposes.

mod answer;
#[cfg(test)]
mod authenticator;
mod name;
mod origin;
#[cfg(test)]
mod tests;

use chrono::TimeDelta;
use domain::{UserId, account::Email};
use serde::{Deserialize, Serialize};
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{
        AuthenticationResult, Credential, DiscoverableAuthentication, PasskeyAuthentication,
        PasskeyRegistration, Url, WebauthnError,
    },
};
use webauthn_rs_proto::ResidentKeyRequirement;

pub use self::{answer::Answer, name::name};

/// What browsers show as the name of the site.
const NAME: &str = "8thDegree";

/// For so long the browser waits for a person, and so long a state is good.
pub const CEREMONY_LASTS: TimeDelta = TimeDelta::minutes(5);

/// More of them say nothing new, and each is sent to the browser at every sign-in.
pub const MAX_PASSKEYS: usize = 20;

/// WebAuthn, section 6.5.1.
const MAX_CREDENTIAL_ID: usize = 1023;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Browsers offer passkeys to sites with a domain name and encryption, and to this machine.
    #[error("there can be no passkeys for {0}")]
    Origin(String),
    #[error("a passkey message could not be read or written: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a passkey message is too long")]
    TooLong,
    #[error("the passkey was refused: {0}")]
    Refused(WebauthnError),
    /// To be told to the owner: what signed may be a copy.
    #[error("the passkey's counter did not grow")]
    Copied,
    #[error("the passkey or the ceremony belongs to somebody else")]
    Foreign,
}

impl From<WebauthnError> for Error {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::CredentialPossibleCompromise => Self::Copied,
            other => Self::Refused(other),
        }
    }
}

/// A registered passkey, without any secret. It is stored as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Passkey(webauthn_rs::prelude::Passkey);

impl Passkey {
    /// Its name among all passkeys of all people; at most 1023 bytes.
    pub fn credential_id(&self) -> &[u8] {
        self.0.cred_id()
    }

    /// Whether it is copied to the person's other devices, and so outlives the loss of this one.
    pub fn is_synced(&self) -> bool {
        self.credential().backup_state
    }

    /// How often it was used, or zero if it does not count.
    pub fn counter(&self) -> u32 {
        self.credential().counter
    }

    fn credential(&self) -> Credential {
        self.0.clone().into()
    }

    /// Takes over what a use has shown.
    fn used(&mut self, result: &AuthenticationResult) -> Result<(), Error> {
        if !result.user_verified() {
            return Err(Error::Refused(WebauthnError::UserNotVerified));
        }
        // The ceremony compared with the counter of its beginning; another may have ended since.
        let before = self.counter();
        if (before > 0 || result.counter() > 0) && result.counter() <= before {
            return Err(Error::Copied);
        }
        self.0.update_credential(result).map(drop).ok_or(Error::Foreign)
    }
}

/// The first half of a ceremony.
pub struct Started<S> {
    /// JSON for the page: `publicKey` as `parseCreationOptionsFromJSON` and
    /// `parseRequestOptionsFromJSON` read it, and `mediation`.
    pub options: String,
    /// To be kept on the server.
    pub state: S,
}

/// The state of making a passkey.
#[derive(Serialize, Deserialize)]
pub struct Registration {
    user_id: UserId,
    state: PasskeyRegistration,
}

/// The state of proving with a passkey that one is a person who is known already.
#[derive(Serialize, Deserialize)]
pub struct Confirmation {
    user_id: UserId,
    state: PasskeyAuthentication,
}

/// The state of signing in with a passkey that tells who one is.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignIn(DiscoverableAuthentication);

/// Whose passkey it is to be; the texts are what the device shows.
pub struct Account<'a> {
    pub user_id: UserId,
    pub email: &'a Email,
    pub display_name: &'a str,
}

/// The site, as browsers and devices know it.
#[derive(Clone)]
pub struct RelyingParty {
    webauthn: Webauthn,
    origin: Url,
}

impl RelyingParty {
    /// The site at this origin, such as `https://8thdegree.example`. Its passkeys belong to the host
    /// name: under another one they are lost.
    ///
    /// Numbers of this machine stand for `localhost`, for browsers give no passkeys to numbers.
    pub fn new(origin: &str) -> Result<Self, Error> {
        let refused = || Error::Origin(origin.to_owned());
        let origin = origin::parse(origin).ok_or_else(refused)?;
        let host = origin.domain().ok_or_else(refused)?;
        // On this machine the port changes from one run to the next.
        let here = origin.scheme() == "http";
        let builder = WebauthnBuilder::new(host, &origin)?.rp_name(NAME).allow_any_port(here);
        let webauthn = builder.timeout(CEREMONY_LASTS.to_std().unwrap_or_default()).build()?;
        Ok(Self { webauthn, origin })
    }

    /// Where passkeys work: pages at another address of this machine send people there.
    pub fn origin(&self) -> &str {
        self.origin.as_str().trim_end_matches('/')
    }

    /// Begins to make a passkey. A device that holds one of the `known` ones is refused by the
    /// browser.
    pub fn start_registration(
        &self,
        account: &Account<'_>,
        known: &[Passkey],
    ) -> Result<Started<Registration>, Error> {
        let known = known.iter().map(|passkey| passkey.0.cred_id().clone()).collect();
        let (mut options, state) = self.webauthn.start_passkey_registration(
            account.user_id.uuid(),
            account.email.as_str(),
            account.display_name,
            Some(known),
        )?;
        if let Some(selection) = &mut options.public_key.authenticator_selection {
            // Found without a name; Android makes no passkey otherwise.
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        let options = serde_json::to_string(&options)?;
        Ok(Started { options, state: Registration { user_id: account.user_id, state } })
    }

    /// The passkey that was made. The caller stores it unless another account has one of the same
    /// credential identifier.
    pub fn finish_registration(
        &self,
        user_id: UserId,
        state: &Registration,
        answer: &str,
    ) -> Result<Passkey, Error> {
        if state.user_id != user_id {
            return Err(Error::Foreign);
        }
        let answer = answer::read(answer)?;
        let passkey = Passkey(self.webauthn.finish_passkey_registration(&answer, &state.state)?);
        if passkey.credential_id().len() > MAX_CREDENTIAL_ID {
            return Err(Error::TooLong);
        }
        Ok(passkey)
    }

    /// Begins to confirm with one of their passkeys that somebody is who they say: as a second
    /// factor, or before something weighty.
    pub fn start_confirmation(
        &self,
        user_id: UserId,
        known: &[Passkey],
    ) -> Result<Started<Confirmation>, Error> {
        let known: Vec<_> = known.iter().map(|passkey| passkey.0.clone()).collect();
        let (options, state) = self.webauthn.start_passkey_authentication(&known)?;
        let options = serde_json::to_string(&options)?;
        Ok(Started { options, state: Confirmation { user_id, state } })
    }

    /// Whether the answer is that of the person's passkey, which the caller has read, under a lock,
    /// by the answer's credential identifier, and stores again afterwards.
    pub fn finish_confirmation(
        &self,
        user_id: UserId,
        state: &Confirmation,
        answer: &Answer,
        passkey: &mut Passkey,
    ) -> Result<(), Error> {
        if state.user_id != user_id || answer.names_other_than(user_id) {
            return Err(Error::Foreign);
        }
        let result = self.webauthn.finish_passkey_authentication(answer.credential(), &state.state)?;
        passkey.used(&result)
    }

    /// Begins to sign somebody in whom nobody has named yet. With `autofill`, the browser offers
    /// passkeys where it completes the e-mail address; without, it asks at once.
    pub fn start_sign_in(&self, autofill: bool) -> Result<Started<SignIn>, Error> {
        let (mut options, state) = self.webauthn.start_discoverable_authentication()?;
        if !autofill {
            options.mediation = None;
        }
        Ok(Started { options: serde_json::to_string(&options)?, state: SignIn(state) })
    }

    /// Whether the answer is that of this passkey of `owner`, which the caller has read, under a
    /// lock, by the answer's credential identifier, and stores again afterwards.
    pub fn finish_sign_in(
        &self,
        owner: UserId,
        state: SignIn,
        answer: &Answer,
        passkey: &mut Passkey,
    ) -> Result<(), Error> {
        if answer.user_id() != Some(owner) {
            return Err(Error::Foreign);
        }
        let result =
            self.webauthn.finish_discoverable_authentication_v2(answer.credential(), state.0, &passkey.0)?;
        passkey.used(&result)
    }
}
