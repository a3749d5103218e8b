//! Accounts and their roles.

use chrono::{DateTime, Utc};
use domain::{
    UserId,
    account::{AccountStatus, Email},
    place::Region,
    role::{Role, Roles},
};
use sqlx::{PgConnection, PgExecutor};

use crate::{Result, error::stored, guesses::Slowing, second_factors::Factors};

/// An account, without what proves that somebody owns it.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
    pub created_at: DateTime<Utc>,
}

pub struct NewUser<'a> {
    pub id: UserId,
    pub email: &'a Email,
    pub display_name: &'a str,
    /// None for people who sign in another way.
    pub password_hash: Option<&'a str>,
    pub region: Region,
    pub roles: &'a Roles,
    /// When the person showed that they read mail at the address.
    pub email_verified_at: DateTime<Utc>,
}

/// The constraint that keeps an e-mail address to one account.
pub const EMAIL_UNIQUE: &str = "users_email_unique";

/// Errors: refused by [`EMAIL_UNIQUE`] if the address has an account.
pub async fn insert(db: &mut PgConnection, user: &NewUser<'_>) -> Result<()> {
    sqlx::query!(
        "insert into auth.users (id, email, display_name, password_hash, region, email_verified_at)
         values ($1, $2, $3, $4, $5, $6)",
        user.id.uuid(),
        user.email.as_str(),
        user.display_name,
        user.password_hash,
        user.region.as_str(),
        user.email_verified_at,
    )
    .execute(&mut *db)
    .await?;
    set_roles(db, user.id, user.roles).await
}

/// Gives a person exactly these of the roles people choose themselves; others stay as they are.
pub async fn set_roles(db: &mut PgConnection, id: UserId, roles: &Roles) -> Result<()> {
    let chosen: Vec<String> = roles.iter().map(|role| role.to_string()).collect();
    sqlx::query!(
        "delete from auth.user_roles
         where user_id = $1 and role in ('user_freelancer', 'user_client') and role <> all($2)",
        id.uuid(),
        &chosen,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into auth.user_roles (user_id, role)
         select $1, unnest($2::text[]) on conflict do nothing",
        id.uuid(),
        &chosen,
    )
    .execute(&mut *db)
    .await?;
    Ok(())
}

pub async fn update(db: &mut PgConnection, id: UserId, display_name: &str, region: Region) -> Result<()> {
    sqlx::query!(
        "update auth.users set display_name = $2, region = $3, updated_at = now() where id = $1",
        id.uuid(),
        display_name,
        region.as_str(),
    )
    .execute(db)
    .await?;
    Ok(())
}

struct Row {
    id: uuid::Uuid,
    email: String,
    display_name: String,
    region: String,
    roles: Vec<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for User {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            email: row.email,
            display_name: row.display_name,
            region: stored("region", &row.region)?,
            roles: row
                .roles
                .iter()
                .map(|role| stored("role", role))
                .collect::<Result<Vec<Role>>>()?
                .into_iter()
                .collect(),
            created_at: row.created_at,
        })
    }
}

/// An account, to its owner and to the house.
pub async fn by_id(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<User>> {
    sqlx::query_as!(
        Row,
        r#"select id, email, display_name, region, created_at,
                  array(select role from auth.user_roles where user_id = id) as "roles!"
           from auth.users where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(User::try_from)
    .transpose()
}

/// Whether there is such a person.
pub async fn exists(db: impl PgExecutor<'_>, id: UserId) -> Result<bool> {
    let exists =
        sqlx::query_scalar!(r#"select exists (select from auth.people where id = $1) as "is!""#, id.uuid())
            .fetch_one(db)
            .await?;
    Ok(exists)
}

/// What is needed to check a password.
pub struct Credentials {
    pub user_id: UserId,
    pub password_hash: Option<String>,
}

pub async fn credentials(db: impl PgExecutor<'_>, email: &Email) -> Result<Option<Credentials>> {
    let row = sqlx::query!("select id, password_hash from auth.users where email = $1", email.as_str())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| Credentials { user_id: row.id.into(), password_hash: row.password_hash }))
}

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

/// The same for somebody who is known already.
pub async fn credentials_of(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<Credentials>> {
    let row = sqlx::query!("select id, password_hash from auth.users where id = $1", id.uuid())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| Credentials { user_id: row.id.into(), password_hash: row.password_hash }))
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
    hold_shared(db, id).await?;
    admittable_held(db, id).await
}

/// Lets changes of what guards an account wait until the transaction ends.
pub async fn hold_shared(db: &mut PgConnection, id: UserId) -> Result<()> {
    sqlx::query!("select from auth.users where id = $1 for share", id.uuid()).execute(db).await?;
    Ok(())
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

/// What the ways into an account depend on.
pub struct Locked {
    pub email: String,
    pub has_password: bool,
    pub has_passkey: bool,
}

/// Lets changes of what guards an account wait for each other until the transaction ends; false if there
/// is no such account.
pub async fn hold(db: &mut PgConnection, id: UserId) -> Result<bool> {
    let held = sqlx::query_scalar!("select id from auth.users where id = $1 for update", id.uuid())
        .fetch_optional(db)
        .await?;
    Ok(held.is_some())
}

/// Lets changes to the ways into an account wait for each other until the transaction ends.
pub async fn lock(db: &mut PgConnection, id: UserId) -> Result<Option<Locked>> {
    let row = sqlx::query_as!(
        Locked,
        r#"select email, password_hash is not null as "has_password!",
                  exists (select from auth.passkeys where user_id = u.id) as "has_passkey!"
           from auth.users u where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Whose address it is, and whether they are let in.
pub async fn status_of_address(
    db: impl PgExecutor<'_>,
    email: &str,
) -> Result<Option<(UserId, AccountStatus)>> {
    let row =
        sqlx::query!("select id, status from auth.users where email = $1", email).fetch_optional(db).await?;
    row.map(|row| Ok((row.id.into(), stored("status", &row.status)?))).transpose()
}

/// Whether an address belongs to an account, of whatever status.
pub async fn has_account(db: impl PgExecutor<'_>, email: &str) -> Result<bool> {
    let has =
        sqlx::query_scalar!(r#"select exists (select from auth.users where email = $1) as "has!""#, email)
            .fetch_one(db)
            .await?;
    Ok(has)
}

/// Gives a person another address, which they have shown to be theirs.
///
/// Errors: refused by [`EMAIL_UNIQUE`] if the address has an account.
pub async fn set_email(db: &mut PgConnection, id: UserId, email: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update auth.users set email = $2, email_verified_at = $3, updated_at = $3 where id = $1",
        id.uuid(),
        email,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that a person reads mail at their address.
pub async fn verify_email(db: &mut PgConnection, id: UserId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update auth.users set email_verified_at = coalesce(email_verified_at, $2) where id = $1",
        id.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Stores the same password under a newer hash, if it is still the same.
pub async fn rehash(db: impl PgExecutor<'_>, id: UserId, old: &str, new: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.users set password_hash = $3 where id = $1 and password_hash = $2",
        id.uuid(),
        old,
        new,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn set_password(
    db: &mut PgConnection,
    id: UserId,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update auth.users set password_hash = $2, password_changed_at = $3, updated_at = $3 where id = $1",
        id.uuid(),
        password_hash,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When the password was set; none where there is none.
pub async fn password_since(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<DateTime<Utc>>> {
    let since = sqlx::query_scalar!(
        "select password_changed_at from auth.users where id = $1 and password_hash is not null",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(since)
}

/// Everybody who blocked somebody, with whom they blocked.
pub async fn blocks(db: impl PgExecutor<'_>) -> Result<Vec<(UserId, UserId)>> {
    let rows = sqlx::query!("select blocker_id, blocked_id from core.blocks").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.blocker_id.into(), row.blocked_id.into())).collect())
}

/// Whether either of two people blocked the other.
pub async fn is_blocked(db: impl PgExecutor<'_>, one: UserId, other: UserId) -> Result<bool> {
    let blocked = sqlx::query_scalar!(
        r#"select exists (select from core.blocks where (blocker_id, blocked_id) in (($1, $2), ($2, $1))) as "is!""#,
        one.uuid(),
        other.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(blocked)
}

/// Whether this person blocked the other; the reverse is none of their business.
pub async fn has_blocked(db: impl PgExecutor<'_>, blocker: UserId, blocked: UserId) -> Result<bool> {
    let blocked = sqlx::query_scalar!(
        r#"select exists (select from core.blocks where blocker_id = $1 and blocked_id = $2) as "is!""#,
        blocker.uuid(),
        blocked.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(blocked)
}

/// Errors: none for a block that is there already.
pub async fn block(db: &mut PgConnection, blocker: UserId, blocked: UserId) -> Result<()> {
    sqlx::query!(
        "insert into core.blocks (blocker_id, blocked_id) values ($1, $2) on conflict do nothing",
        blocker.uuid(),
        blocked.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn unblock(db: &mut PgConnection, blocker: UserId, blocked: UserId) -> Result<()> {
    sqlx::query!(
        "delete from core.blocks where blocker_id = $1 and blocked_id = $2",
        blocker.uuid(),
        blocked.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}
