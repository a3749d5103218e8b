//! Accounts and their roles.

use chrono::{DateTime, Utc};
use domain::{
    UserId,
    account::{AccountStatus, Email},
    place::Region,
    role::{Role, Roles},
};
use sqlx::{PgConnection, PgExecutor};

use crate::{Result, error::stored};

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

/// The same for somebody who is known already.
pub async fn credentials_of(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<Credentials>> {
    let row = sqlx::query!("select id, password_hash from auth.users where id = $1", id.uuid())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| Credentials { user_id: row.id.into(), password_hash: row.password_hash }))
}

/// Lets changes of what guards an account wait until the transaction ends.
pub async fn hold_shared(db: &mut PgConnection, id: UserId) -> Result<()> {
    sqlx::query!("select from auth.users where id = $1 for share", id.uuid()).execute(db).await?;
    Ok(())
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
