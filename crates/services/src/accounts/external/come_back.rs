use chrono::TimeDelta;
use domain::{
    ExternalIdentityId, UserId,
    account::{Email, FirstFactor, FlowPurpose},
};
use identity::{
    Principal,
    external::{CallbackQuery, ExternalIdentity, Flow},
    token,
};
use mail::Letter;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use storage::{
    external::{self, NewIdentity},
    users,
};

use super::{
    Trouble,
    begin::{Away, USE_SECOND_FACTOR},
    flow, log, member,
    source::Source,
};
use crate::{
    Result, ServiceError, Services,
    accounts::{
        Admission, Device, SignedIn,
        admission::{admit, turn_away},
        hold,
        second_factor::is_guarded,
        sessions::renew,
        ways_in,
    },
    audit::{self, Act},
    letters,
    organisations::refuse_other_ways,
};

/// How long somebody may take to fill in the form that makes an account.
const JOIN_WITHIN: TimeDelta = TimeDelta::minutes(30);

/// What came of it.
pub enum Arrived {
    /// Somebody who is known.
    Known { admission: Admission, next: String },
    /// Somebody new, who may join with this token.
    New { token: SecretString, keep_for: TimeDelta },
    /// The account there is a way in from now on.
    Linked,
    /// The issuer of an organisation lets people in.
    Tried,
    /// They proved who they are.
    Confirmed { renewed: SignedIn, next: String },
}

/// Nothing came of it: why, on which errand, and where they were going.
#[derive(Debug)]
pub struct Failed {
    pub trouble: Trouble,
    /// None where nothing is known of what was begun.
    pub purpose: Option<FlowPurpose>,
    pub next: String,
}

impl Failed {
    /// What came back answers nothing that was begun in this browser.
    pub fn lost() -> Self {
        Self { trouble: Trouble::Lost, purpose: None, next: String::new() }
    }
}

/// Somebody new, until they have joined.
#[derive(Serialize, Deserialize)]
pub(super) struct Newcomer {
    pub(super) provider: String,
    pub(super) issuer: String,
    pub(super) subject: String,
    /// One that the provider has verified.
    pub(super) email: Email,
    pub(super) name: Option<String>,
    pub(super) next: String,
}

/// Takes somebody who comes back from a provider. The flow is found by the browser's cookie, never by
/// what the answer says, and is used up by it.
pub async fn come_back(
    services: &Services,
    provider: &str,
    cookie: Option<&str>,
    callback: CallbackQuery,
    who: Option<&Principal>,
    device: &Device,
) -> Result<Result<Arrived, Failed>> {
    let source = Source::known(services, provider).await?;
    let provider = &source.provider;
    let token_hash = cookie.and_then(token::hash);
    let answered = callback.state.as_ref().and_then(|state| token::hash(state.expose_secret()));
    // An answer to another flow leaves the one of this browser as it is.
    let Some(token_hash) = token_hash.filter(|hash| answered == Some(*hash)) else {
        return Ok(Err(Failed::lost()));
    };
    let now = services.now();
    let mut tx = services.database.begin_as_house().await?;
    let found = external::take_flow(&mut *tx, &token_hash, now).await?;
    tx.commit().await?;
    let Some(found) = found.filter(|flow| flow.purpose != FlowPurpose::SignUp) else {
        return Ok(Err(Failed { trouble: Trouble::Expired, ..Failed::lost() }));
    };
    let kept: flow::Kept<Away> = flow::open(services, found).await?;
    let Away { redirect_uri, next, flow, .. } = kept.content;
    let failed = |trouble| Failed { trouble, purpose: Some(kept.purpose), next: next.clone() };
    let flow = Flow::from_plaintext(&flow.into()).map_err(ServiceError::internal)?;
    let person = match provider.finish(source.way(services), flow, callback, &redirect_uri, now).await {
        Ok(person) => person,
        Err(error) => {
            log(provider.id().as_str(), &error);
            let trouble = Trouble::from(&error);
            note(services, provider.id().as_str(), trouble, kept.user_id, device).await?;
            return Ok(Err(failed(trouble)));
        }
    };
    let done = match (kept.purpose, &source.organisation) {
        (FlowPurpose::SignIn | FlowPurpose::SignUp, Some(organisation)) => {
            member::enter(services, organisation, &person, &next, device).await?
        }
        (FlowPurpose::SignIn | FlowPurpose::SignUp, None) => enter(services, person, &next, device).await?,
        (purpose, organisation) => {
            let who = who.ok_or(ServiceError::SignedOut)?;
            match (purpose, organisation) {
                // Somebody else has signed in with this browser meanwhile.
                _ if kept.user_id != Some(who.user_id) => Err(Trouble::SomebodyElse),
                (FlowPurpose::Link, Some(organisation)) => {
                    member::link(services, organisation, who, &person, device).await?
                }
                (FlowPurpose::Link, None) => link(services, who, &person, provider.label(), device).await?,
                (FlowPurpose::Try, Some(organisation)) => {
                    member::try_issuer(services, organisation, who, &person, device).await?
                }
                _ => confirm(services, &source, who, &person, &next, device).await?,
            }
        }
    };
    if let Err(trouble) = done {
        note(services, provider.id().as_str(), trouble, kept.user_id, device).await?;
    }
    Ok(done.map_err(failed))
}

/// Writes down that somebody did not get in.
async fn note(
    services: &Services,
    provider: &str,
    trouble: Trouble,
    about: Option<UserId>,
    device: &Device,
) -> Result<()> {
    let mut tx = services.database.begin_as_house().await?;
    let act = Act::of_nobody("connection.failed").about(about);
    let act = act.after(&serde_json::json!({ "provider": provider, "why": trouble.as_str() }));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets in whoever is known, and asks the others to join.
async fn enter(
    services: &Services,
    person: ExternalIdentity,
    next: &str,
    device: &Device,
) -> Result<Result<Arrived, Trouble>> {
    let now = services.now();
    services.vault.ready().await?;
    let mut tx = services.database.begin_as_house().await?;
    let email = person.email.as_ref().map(Email::as_str);
    if let Some(user_id) = external::owner(&mut *tx, &person.issuer, &person.subject).await? {
        // Before what hangs on the account, as everywhere.
        users::hold_shared(&mut tx, user_id).await?;
        // Its owner may have disconnected it while this waited.
        if external::owner(&mut *tx, &person.issuer, &person.subject).await? != Some(user_id) {
            return Ok(Err(Trouble::Expired));
        }
        external::touch(&mut *tx, &person.issuer, &person.subject, email, now).await?;
        let admission = match admit(services, &mut tx, user_id, FirstFactor::Issuer, device).await {
            Ok(admission) => admission,
            Err(error) => {
                return match turn_away(services, tx, user_id, FirstFactor::Issuer, error, device).await? {
                    ServiceError::OrganisationOnly => Ok(Err(Trouble::OrganisationOnly)),
                    other => Err(other),
                };
            }
        };
        tx.commit().await?;
        return Ok(Ok(Arrived::Known { admission, next: next.to_owned() }));
    }
    let Some(email) = person.email.filter(|_| person.email_verified) else {
        return Ok(Err(Trouble::NoAddress));
    };
    match refuse_other_ways(&mut *tx, &email).await {
        Err(ServiceError::OrganisationOnly) => return Ok(Err(Trouble::OrganisationOnly)),
        allowed => allowed?,
    }
    // They have shown that they read its mail, and may know that it has an account.
    if users::credentials(&mut *tx, &email).await?.is_some() {
        return Ok(Err(Trouble::AddressTaken));
    }
    let newcomer = Newcomer {
        provider: person.provider.to_string(),
        issuer: person.issuer,
        subject: person.subject,
        email,
        name: person.name,
        next: next.to_owned(),
    };
    let token = token::generate().map_err(ServiceError::internal)?;
    let until = now + JOIN_WITHIN;
    flow::keep(services, &mut tx, &token, FlowPurpose::SignUp, None, &newcomer, until).await?;
    tx.commit().await?;
    Ok(Ok(Arrived::New { token, keep_for: JOIN_WITHIN }))
}

/// Makes the account there a way into the one here.
async fn link(
    services: &Services,
    who: &Principal,
    person: &ExternalIdentity,
    label: &str,
    device: &Device,
) -> Result<Result<Arrived, Trouble>> {
    let mut tx = services.database.begin_as_house().await?;
    hold(services, &mut tx, who).await?;
    match external::owner(&mut *tx, &person.issuer, &person.subject).await? {
        Some(owner) if owner == who.user_id => return Ok(Ok(Arrived::Linked)),
        Some(_) => return Ok(Err(Trouble::TakenBySomebody)),
        None => {}
    }
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let identity = NewIdentity {
        id: ExternalIdentityId::new(),
        user_id: who.user_id,
        provider: person.provider.as_str(),
        issuer: &person.issuer,
        subject: &person.subject,
        email: person.email.as_ref().map(Email::as_str),
        at: services.now(),
    };
    match external::insert(&mut tx, &identity).await {
        Ok(()) => {}
        Err(error) if error.is_refused_by(external::ONE_OF_EACH) => return Ok(Err(Trouble::HasOne)),
        // Somebody else was quicker.
        Err(error) if error.is_refused_by(external::SUBJECT_UNIQUE) => {
            return Ok(Err(Trouble::TakenBySomebody));
        }
        Err(error) => return Err(error.into()),
    }
    let letter = Letter::ConnectionAdded { provider: label.to_owned() };
    letters::send(services, &mut tx, &account.email, letter).await?;
    let act = Act::of(who.user_id, "connection.added").after(&person.provider.as_str());
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(Ok(Arrived::Linked))
}

/// Takes it for a proof, if it is the person's own account there.
async fn confirm(
    services: &Services,
    source: &Source,
    who: &Principal,
    person: &ExternalIdentity,
    next: &str,
    device: &Device,
) -> Result<Result<Arrived, Trouble>> {
    let mut tx = services.database.begin_as_house().await?;
    // Before what hangs on the account, as everywhere: a connection may end meanwhile, and a second factor
    // may be set up.
    ways_in::hold(&mut tx, who.user_id).await?;
    if source.owner(&mut tx, person).await? != Some(who.user_id) {
        return Ok(Err(Trouble::SomebodyElse));
    }
    if is_guarded(&mut tx, who.user_id).await? {
        return Err(ServiceError::Conflict(USE_SECOND_FACTOR));
    }
    source.touch(&mut tx, who.user_id, person, services.now()).await?;
    let renewed = renew(services, &mut tx, who, None).await?;
    let act = Act::of(who.user_id, "proof.given").after(&person.provider.as_str());
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(Ok(Arrived::Confirmed { renewed, next: next.to_owned() }))
}
