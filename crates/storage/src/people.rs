//! Accounts as those see them who look after them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    UserId,
    account::AccountStatus,
    place::Region,
    role::{Role, Roles},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{Result, error::stored};

/// Which accounts are looked for. Empty words match everybody.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of the name, the beginning of the address, or the whole identifier.
    pub words: String,
    pub role: Option<Role>,
    pub status: Option<AccountStatus>,
    /// Only accounts after this one in the list.
    pub after: Option<UserId>,
    pub limit: i64,
}

/// An account with all that administration shows of it.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: UserId,
    pub email: String,
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
    pub status: AccountStatus,
    pub created_at: DateTime<Utc>,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub suspended_at: Option<DateTime<Utc>>,
    pub suspended_for: Option<String>,
}

struct Row {
    id: Uuid,
    email: String,
    display_name: String,
    region: String,
    roles: Vec<String>,
    status: String,
    created_at: DateTime<Utc>,
    email_verified_at: Option<DateTime<Utc>>,
    suspended_at: Option<DateTime<Utc>>,
    suspended_for: Option<String>,
}

impl TryFrom<Row> for Account {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        let roles = row.roles.iter().map(|role| stored("role", role)).collect::<Result<Vec<Role>>>()?;
        Ok(Self {
            id: row.id.into(),
            email: row.email,
            display_name: row.display_name,
            region: stored("region", &row.region)?,
            roles: roles.into_iter().collect(),
            status: stored("status", &row.status)?,
            created_at: row.created_at,
            email_verified_at: row.email_verified_at,
            suspended_at: row.suspended_at,
            suspended_for: row.suspended_for,
        })
    }
}

/// What these people are called; who was erased is called as all are who were.
pub async fn names(db: impl PgExecutor<'_>, people: &[UserId]) -> Result<HashMap<UserId, String>> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!("select id, display_name from auth.users where id = any($1)", &people)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (UserId::from(row.id), row.display_name)).collect())
}

/// The accounts that meet the filter, those made last first.
pub async fn find(db: impl PgExecutor<'_>, filter: &Filter) -> Result<Vec<Account>> {
    let words = filter.words.to_lowercase();
    let literal = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let rows = sqlx::query_as!(
        Row,
        r#"select u.id, u.email, u.display_name, u.region, u.status, u.created_at, u.email_verified_at,
                  u.suspended_at, u.suspended_for,
                  array(select role from auth.user_roles r where r.user_id = u.id) as "roles!"
           from auth.users u
           where ($1 = '' or u.email like $2 || '%' or lower(u.display_name) like '%' || $2 || '%'
                  or u.id::text = $1)
             and ($3::text is null
                  or exists (select from auth.user_roles r where r.user_id = u.id and r.role = $3))
             and ($4::text is null or u.status = $4)
             and ($5::uuid is null or u.id < $5)
           order by u.id desc limit $6"#,
        words,
        literal,
        filter.role.map(Role::as_str),
        filter.status.map(AccountStatus::as_str),
        filter.after.map(UserId::uuid),
        filter.limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Account::try_from).collect()
}

pub async fn by_id(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<Account>> {
    sqlx::query_as!(
        Row,
        r#"select u.id, u.email, u.display_name, u.region, u.status, u.created_at, u.email_verified_at,
                  u.suspended_at, u.suspended_for,
                  array(select role from auth.user_roles r where r.user_id = u.id) as "roles!"
           from auth.users u where u.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Account::try_from)
    .transpose()
}

/// The same, and nobody else can change the account until the transaction ends.
pub async fn to_be_changed(db: &mut PgConnection, id: UserId) -> Result<Option<Account>> {
    sqlx::query!("select from auth.users where id = $1 for update", id.uuid())
        .fetch_optional(&mut *db)
        .await?;
    by_id(db, id).await
}

pub async fn suspend(db: impl PgExecutor<'_>, id: UserId, reason: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update auth.users set status = 'suspended', suspended_at = $2, suspended_for = $3, updated_at = $2
         where id = $1",
        id.uuid(),
        now,
        reason,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn reinstate(db: impl PgExecutor<'_>, id: UserId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update auth.users set status = 'active', suspended_at = null, suspended_for = null, updated_at = $2
         where id = $1",
        id.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes somebody's word for it that the person reads mail at their address.
pub async fn verify_email(db: impl PgExecutor<'_>, id: UserId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update auth.users set email_verified_at = $2 where id = $1 and email_verified_at is null",
        id.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a person exactly these roles, those included that nobody chooses for themselves.
pub async fn set_roles(db: &mut PgConnection, id: UserId, roles: &Roles) -> Result<()> {
    let roles: Vec<String> = roles.iter().map(|role| role.to_string()).collect();
    sqlx::query!("delete from auth.user_roles where user_id = $1 and role <> all($2)", id.uuid(), &roles)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "insert into auth.user_roles (user_id, role) select $1, unnest($2::text[]) on conflict do nothing",
        id.uuid(),
        &roles,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether somebody else is a superadmin who can sign in. Changes to who is one wait for each other
/// until the transaction ends, so that two cannot take the role from one another at once.
pub async fn another_superadmin(db: &mut PgConnection, id: UserId) -> Result<bool> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('superadmins'))").execute(&mut *db).await?;
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from auth.user_roles r join auth.users u on u.id = r.user_id
               where r.role = 'superadmin' and r.user_id <> $1 and u.status = 'active'
           ) as "is!""#,
        id.uuid(),
    )
    .fetch_one(db)
    .await?)
}
