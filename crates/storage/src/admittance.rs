//! What somebody is let in by: looked at before a password is compared, and when a session is opened.

use chrono::{DateTime, Utc};
use domain::{
    UserId,
    account::{AccountStatus, Email},
    role::{Role, Roles},
};
use sqlx::{PgConnection, PgExecutor};

use crate::{Result, error::stored, guesses::Slowing, second_factors::Factors, users};

/// Somebody who knocks: the address that is typed, and what the browser shows.
pub struct Knock<'a> {
    pub email: &'a Email,
    /// Of the token that the browser keeps of somebody having signed in on it.
    pub browser: Option<&'a [u8; 32]>,
    /// Stands for the kind of browser and its network.
    pub device: &'a [u8; 32],
    pub at: DateTime<Utc>,
    /// What the attempt is charged to, if the owner of the address has signed in on the browser before.
    pub charge: Option<(&'a [u8; 32], Slowing)>,
}

/// What signing in with an address begins with; the same work whether or not there is an account.
pub struct AtTheDoor {
    /// Whether the domain of the address belongs to an organisation that lets its people in by its
    /// issuer alone.
    pub organised: bool,
    pub account: Option<KnownAccount>,
    /// Whether its owner has signed in before on the browser that asks.
    pub known_browser: bool,
    /// Whether they have, and in this network, and both were noted within a day.
    pub familiar: bool,
    /// Whether the attempt counts, where it was charged: if not, none is due yet.
    pub charged: Option<bool>,
}

/// The account that an address belongs to.
pub struct KnownAccount {
    pub id: UserId,
    pub person: Admittable,
    /// All of `person`, for [`arrivals::open_as_seen`](crate::arrivals::open_as_seen).
    pub seen: String,
}

pub async fn at_the_door(db: impl PgExecutor<'_>, knock: &Knock<'_>) -> Result<AtTheDoor> {
    let (key, slowing) = knock.charge.unzip();
    let row = sqlx::query!(
        r#"with door as materialized (
               select u.id,
                      exists (
                          select from auth.organisation_domains d
                          join auth.organisations o on o.id = d.organisation_id
                          where d.domain = $2 and d.proved_at is not null and o.required
                      ) as organised,
                      (select b.last_used_at from auth.known_browsers b
                       where b.token_hash = $3 and b.user_id = u.id) as browser_used_at,
                      (select d.last_seen_at from auth.known_devices d
                       where d.device_hash = $4 and d.user_id = u.id) as device_seen_at
               from (values (true)) as once left join auth.users u on u.email = $1
           )
           select door.id as "id?", organised as "organised!", browser_used_at is not null as "known_browser!",
                  coalesce(browser_used_at >= $5::timestamptz - interval '1 day'
                           and device_seen_at >= $5::timestamptz - interval '1 day', false) as "familiar!",
                  case when browser_used_at is not null and $6::bytea is not null
                      then auth.charge_guess($6, $5, $7, $8, $9) end as charged,
                  person.email, person.status, person.password_hash, person.email_codes_allowed,
                  person.roles, person.app_since, person.passkeys, person.recovery_codes,
                  person.of_organisation, person::text as seen
           from door cross join lateral
                auth.admittable(coalesce(door.id, '00000000-0000-0000-0000-000000000000')) as person"#,
        knock.email.as_str(),
        knock.email.domain(),
        knock.browser.map(<[u8; 32]>::as_slice),
        knock.device.as_slice(),
        knock.at,
        key.map(<[u8; 32]>::as_slice),
        slowing.map(|slowing| slowing.free),
        slowing.map(|slowing| slowing.longest),
        slowing.map(|slowing| slowing.forget_before),
    )
    .fetch_one(db)
    .await?;
    let found = AdmittableRow {
        email: row.email,
        status: row.status,
        password_hash: row.password_hash,
        email_codes_allowed: row.email_codes_allowed,
        roles: row.roles,
        app_since: row.app_since,
        passkeys: row.passkeys,
        recovery_codes: row.recovery_codes,
        of_organisation: row.of_organisation,
    };
    let account = row.id.zip(found.read()?).map(|(id, person)| KnownAccount {
        id: id.into(),
        person,
        seen: row.seen.unwrap_or_default(),
    });
    Ok(AtTheDoor {
        organised: row.organised,
        account,
        known_browser: row.known_browser,
        familiar: row.familiar,
        charged: row.charged,
    })
}

/// What opening a session depends on.
pub struct Admittable {
    pub email: String,
    pub status: AccountStatus,
    pub roles: Roles,
    pub password_hash: Option<String>,
    pub factors: Factors,
    /// Whether their organisation lets them in by its issuer alone; administrators belong to none.
    pub organised: bool,
}

/// What opening a session depends on, which stays as it is until the transaction ends; none if there is
/// no such account.
pub async fn admittable(db: &mut PgConnection, id: UserId) -> Result<Option<Admittable>> {
    // A statement of its own: the next one sees what was done by whoever held the account before.
    users::hold_shared(db, id).await?;
    admittable_held(db, id).await
}

/// The same in a transaction that holds the account already.
pub async fn admittable_held(db: &mut PgConnection, id: UserId) -> Result<Option<Admittable>> {
    sqlx::query_as!(
        AdmittableRow,
        "select email, status, password_hash, email_codes_allowed, roles, app_since, passkeys, recovery_codes,
                of_organisation
         from auth.admittable($1)",
        id.uuid(),
    )
    .fetch_one(db)
    .await?
    .read()
}

/// A row of `auth.admittable`, which is there for an account that is not, too.
struct AdmittableRow {
    email: Option<String>,
    status: Option<String>,
    password_hash: Option<String>,
    email_codes_allowed: Option<bool>,
    roles: Option<Vec<String>>,
    app_since: Option<DateTime<Utc>>,
    passkeys: Option<i64>,
    recovery_codes: Option<i64>,
    of_organisation: Option<bool>,
}

impl AdmittableRow {
    fn read(self) -> Result<Option<Admittable>> {
        let (Some(email), Some(status)) = (self.email, self.status) else { return Ok(None) };
        let roles = self.roles.unwrap_or_default();
        let roles = roles.iter().map(|role| stored("role", role)).collect::<Result<Vec<Role>>>()?;
        let administers = roles.iter().any(|role| matches!(role, Role::Admin | Role::Superadmin));
        Ok(Some(Admittable {
            email,
            status: stored("status", &status)?,
            roles: roles.into_iter().collect(),
            password_hash: self.password_hash,
            factors: Factors {
                app_since: self.app_since,
                passkeys: self.passkeys.unwrap_or_default(),
                recovery_codes: self.recovery_codes.unwrap_or_default(),
                email_codes_allowed: self.email_codes_allowed.unwrap_or_default(),
            },
            organised: self.of_organisation.unwrap_or_default() && !administers,
        }))
    }
}
