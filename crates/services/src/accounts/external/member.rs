//! The people of an organisation, who come from its issuer. It owns the addresses of the domains that
//! it has proved, and so vouches for those and for no others.

use domain::{
    UserId,
    account::{Email, FirstFactor, display_name},
    role::{Role, Roles},
};
use identity::{Principal, external::ExternalIdentity};
use mail::Letter;
use serde_json::json;
use sqlx::PgConnection;
use storage::{
    organisations::{self, Organisation},
    sign_ups,
    users::{self, NewUser, User},
};

use super::{Arrived, Trouble};
use crate::{
    Result, ServiceError, Services,
    accounts::{
        Admission, Device,
        admission::{admit, admit_newcomer, turn_away},
        hold, market_roles, ways_in,
    },
    audit::{self, Act},
    letters,
};

/// Somebody whom the issuer of an organisation vouches for.
struct Vouched<'a> {
    organisation: &'a Organisation,
    person: &'a ExternalIdentity,
    email: Email,
    /// The domains that the organisation has proved.
    domains: Vec<String>,
}

/// Who came, if the organisation may vouch for them.
async fn vouched<'a>(
    db: &mut PgConnection,
    organisation: &'a Organisation,
    person: &'a ExternalIdentity,
) -> Result<Result<Vouched<'a>, Trouble>> {
    let domains = organisations::domains(db, organisation.id).await?;
    let proved = domains.into_iter().filter(|known| known.proved_at.is_some()).map(|known| known.domain);
    let domains: Vec<String> = proved.collect();
    let Some(email) = person.email.clone().filter(|_| !person.email_refuted) else {
        return Ok(Err(Trouble::NoAddress));
    };
    if !domains.iter().any(|domain| domain == email.domain()) {
        return Ok(Err(Trouble::ForeignAddress));
    }
    Ok(Ok(Vouched { organisation, person, email, domains }))
}

impl Vouched<'_> {
    /// Whether an account is the organisation's by its own address.
    fn is_of(&self, account: &User) -> bool {
        let domain = account.email.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.domains.iter().any(|known| known == domain)
    }

    /// Connects an account with whom the issuer vouches for; nothing is done if they are already. The
    /// act remains to be written down.
    async fn connect(
        &self,
        services: &Services,
        db: &mut PgConnection,
        account: &User,
    ) -> Result<Result<Option<Act>, Trouble>> {
        let Self { organisation, person, .. } = self;
        let (id, issuer, subject) = (organisation.id, person.issuer.as_str(), person.subject.as_str());
        match organisations::identity_owner(&mut *db, id, issuer, subject).await? {
            Some(owner) if owner == account.id => return Ok(Ok(None)),
            Some(_) => return Ok(Err(Trouble::TakenBySomebody)),
            None => {}
        }
        let identities = organisations::identities_of(&mut *db, account.id).await?;
        if identities.iter().any(|identity| identity.organisation_id == id) {
            return Ok(Err(Trouble::HasOne));
        }
        organisations::insert_identity(db, id, account.id, issuer, subject, services.now()).await?;
        users::verify_email(db, account.id, services.now()).await?;
        let letter = Letter::ConnectionAdded { provider: organisation.name.clone() };
        letters::send(services, db, &account.email, letter).await?;
        let act = Act::of(account.id, "connection.added");
        Ok(Ok(Some(act.after(&json!({ "organisation": organisation.name })))))
    }
}

/// Lets in whom the organisation's issuer vouches for; who has no account gets one.
pub(super) async fn enter(
    services: &Services,
    organisation: &Organisation,
    person: &ExternalIdentity,
    next: &str,
    device: &Device,
) -> Result<Result<Arrived, Trouble>> {
    let mut tx = services.database.begin_as_house().await?;
    let vouched = match vouched(&mut tx, organisation, person).await? {
        Ok(vouched) => vouched,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let mapping = organisations::mapping(&mut *tx, organisation).await?;
    let roles = mapping.roles(&person.groups);
    let (id, issuer, subject) = (organisation.id, person.issuer.as_str(), person.subject.as_str());
    let known = organisations::identity_owner(&mut *tx, id, issuer, subject).await?;
    let account = match known {
        Some(user_id) => users::by_id(&mut *tx, user_id).await?,
        None => match users::credentials(&mut *tx, &vouched.email).await? {
            Some(credentials) => users::by_id(&mut *tx, credentials.user_id).await?,
            None => None,
        },
    };
    // Whoever sets it up comes in whatever their groups say, lest a wrong name shuts everybody out.
    let manages = match &account {
        Some(account) => organisations::is_manager(&mut *tx, id, account.id).await?,
        None => false,
    };
    let mut acts = Vec::new();
    let joins = account.is_none();
    let user_id = match (account, roles) {
        (_, None) if !manages => return Ok(Err(Trouble::NoGroup)),
        (Some(account), roles) => {
            // Before what hangs on the account, as everywhere; and it is as it will stay.
            ways_in::hold(&mut tx, account.id).await?;
            let account = users::by_id(&mut *tx, account.id).await?.ok_or(ServiceError::SignedOut)?;
            let known = organisations::identity_owner(&mut *tx, id, issuer, subject).await?;
            // An account whose owner has given it another address is theirs alone.
            if !vouched.is_of(&account) {
                return Ok(Err(Trouble::ForeignAddress));
            }
            if known.is_none() {
                if is_administrator(&account.roles) {
                    return Ok(Err(Trouble::Administrator));
                }
                match vouched.connect(services, &mut tx, &account).await? {
                    Ok(act) => acts.extend(act),
                    Err(trouble) => return Ok(Err(trouble)),
                }
            }
            organisations::touch_identity(&mut *tx, id, account.id, services.now()).await?;
            // Without groups the organisation says with what role one begins, and no more.
            if let Some(roles) = roles.filter(|_| !mapping.groups.is_empty()) {
                acts.extend(follow(services, &mut tx, &account, &roles, organisation).await?);
            }
            account.id
        }
        (None, Some(roles)) => {
            let (id, act) = provide(services, &mut tx, &vouched, &roles).await?;
            acts.push(act);
            id
        }
        (None, None) => return Ok(Err(Trouble::NoGroup)),
    };
    let first = FirstFactor::Organisation;
    let admission = match joins {
        true => admit_newcomer(services, &mut tx, user_id, first, device).await.map(Admission::SignedIn),
        false => admit(services, &mut tx, user_id, first, device).await,
    };
    let admission = match admission {
        Ok(admission) => admission,
        Err(error) => {
            // Nothing of what their groups say is done for who is not let in.
            tx.rollback().await?;
            let tx = services.database.begin_as_house().await?;
            return Err(turn_away(services, tx, user_id, first, error, device).await?);
        }
    };
    for act in acts {
        audit::record(services, &mut tx, act, device).await?;
    }
    tx.commit().await?;
    Ok(Ok(Arrived::Known { admission, next: next.to_owned() }))
}

pub(super) fn is_administrator(roles: &Roles) -> bool {
    roles.contains(Role::Admin) || roles.contains(Role::Superadmin)
}

/// Makes the account of somebody new, without a password. The act remains to be written down.
async fn provide(
    services: &Services,
    db: &mut PgConnection,
    vouched: &Vouched<'_>,
    roles: &Roles,
) -> Result<(UserId, Act)> {
    let (organisation, person, email) = (vouched.organisation, vouched.person, &vouched.email);
    let (id, now) = (UserId::new(), services.now());
    let local = email.as_str().split('@').next().unwrap_or_default();
    let name = person.name.clone().or_else(|| display_name(local).ok());
    let user = NewUser {
        id,
        email,
        display_name: name.as_deref().unwrap_or(&organisation.name),
        password_hash: None,
        region: organisation.region,
        roles,
        email_verified_at: now,
    };
    users::insert(db, &user).await.map_err(|error| {
        if error.is_refused_by(users::EMAIL_UNIQUE) {
            ServiceError::Conflict("This address has got an account a moment ago. Please sign in once more.")
        } else {
            error.into()
        }
    })?;
    sign_ups::delete_of_address(db, email).await?;
    organisations::insert_identity(db, organisation.id, id, &person.issuer, &person.subject, now).await?;
    Ok((id, Act::of(id, "account.created").after(&json!({ "organisation": organisation.name }))))
}

/// Gives somebody the roles that follow from their groups, and takes those that no longer do, with
/// what they had on the market by them. Those of administrators stay as they are. The act, where there
/// is one, remains to be written down.
async fn follow(
    services: &Services,
    db: &mut PgConnection,
    account: &User,
    roles: &Roles,
    organisation: &Organisation,
) -> Result<Option<Act>> {
    let market = |role: &Role| matches!(role, Role::Freelancer | Role::Client);
    let before: Roles = account.roles.iter().filter(market).collect();
    if before == *roles {
        return Ok(None);
    }
    market_roles::follow(&mut *db, account.id, &before, roles, services.now()).await?;
    users::set_roles(db, account.id, roles).await?;
    let act = Act::of_nobody("roles.followed").about(Some(account.id));
    Ok(Some(act.before(&before).after(&json!({ "roles": roles, "organisation": organisation.name }))))
}

/// Makes the account at one's organisation a way into one's own.
pub(super) async fn link(
    services: &Services,
    organisation: &Organisation,
    who: &Principal,
    person: &ExternalIdentity,
    device: &Device,
) -> Result<Result<Arrived, Trouble>> {
    let mut tx = services.database.begin_as_house().await?;
    hold(services, &mut tx, who).await?;
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let act = match connect_own(services, &mut tx, organisation, &account, person).await? {
        Ok(act) => act,
        Err(trouble) => return Ok(Err(trouble)),
    };
    if let Some(act) = act {
        audit::record(services, &mut tx, act, device).await?;
    }
    tx.commit().await?;
    Ok(Ok(Arrived::Linked))
}

/// Finds out whether the issuer lets people in. Whoever has an address of the organisation's own is
/// connected, and so can come in by it from now on.
pub(super) async fn try_issuer(
    services: &Services,
    organisation: &Organisation,
    who: &Principal,
    person: &ExternalIdentity,
    device: &Device,
) -> Result<Result<Arrived, Trouble>> {
    let mut tx = services.database.begin_as_house().await?;
    hold(services, &mut tx, who).await?;
    if !organisations::is_manager(&mut *tx, organisation.id, who.user_id).await? {
        return Err(ServiceError::NotFound("organisation"));
    }
    let account = users::by_id(&mut *tx, who.user_id).await?.ok_or(ServiceError::SignedOut)?;
    let vouched = match vouched(&mut tx, organisation, person).await? {
        Ok(vouched) => vouched,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let mut acts = Vec::new();
    if vouched.is_of(&account) {
        match connect_own(services, &mut tx, organisation, &account, person).await? {
            Ok(act) => acts.extend(act),
            Err(trouble) => return Ok(Err(trouble)),
        }
    }
    if !organisations::tried(&mut *tx, organisation.id, organisation.revision, services.now()).await? {
        return Ok(Err(Trouble::Expired));
    }
    acts.push(Act::of(who.user_id, "organisation.tried").after(&organisation.name));
    for act in acts {
        audit::record(services, &mut tx, act, device).await?;
    }
    tx.commit().await?;
    Ok(Ok(Arrived::Tried))
}

/// Connects one's own account, if the issuer vouches for its very address.
async fn connect_own(
    services: &Services,
    db: &mut PgConnection,
    organisation: &Organisation,
    account: &User,
    person: &ExternalIdentity,
) -> Result<Result<Option<Act>, Trouble>> {
    match vouched(db, organisation, person).await? {
        Ok(vouched) if vouched.email.as_str() == account.email => {
            vouched.connect(services, db, account).await
        }
        Ok(_) => Ok(Err(Trouble::OtherAddress)),
        Err(trouble) => Ok(Err(trouble)),
    }
}
