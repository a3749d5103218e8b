//! Tokens of programs. Only their hashes are stored, and what is revoked is deleted.

mod origin;

use chrono::{DateTime, Utc};
use domain::{
    TokenId, UserId,
    place::Region,
    role::{Role, Roles},
    scope::{Scope, Scopes},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

pub use origin::{Origin, end, hold, origin_of_family, origin_of_personal, origin_of_refresh};

use crate::{Result, error::stored};

pub struct NewPersonalToken<'a> {
    pub id: TokenId,
    pub user_id: UserId,
    pub name: &'a str,
    pub token_hash: &'a [u8; 32],
    pub ending: &'a str,
    pub scopes: &'a Scopes,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A personal access token as its owner sees it.
#[derive(Clone, Debug)]
pub struct PersonalToken {
    pub id: TokenId,
    pub name: String,
    /// The last letters of the token.
    pub ending: String,
    pub scopes: Scopes,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub last_address: String,
}

/// Who is behind a token, and what it allows.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// Of the personal token, or of the family of an access token.
    pub id: Uuid,
    pub user_id: UserId,
    pub display_name: String,
    pub region: Region,
    pub roles: Roles,
    pub email_verified: bool,
    pub scopes: Scopes,
    pub ends_at: DateTime<Utc>,
    /// Of a personal token; families are not noted.
    pub last_used_at: Option<DateTime<Utc>>,
}

pub struct NewFamily<'a> {
    pub id: Uuid,
    pub user_id: UserId,
    pub personal_token_id: Uuid,
    pub scopes: &'a Scopes,
    pub refresh_hash: &'a [u8; 32],
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// A family whose refresh token was just changed.
pub struct Refreshed {
    pub id: Uuid,
    pub user_id: UserId,
    pub personal_token_id: Uuid,
    pub scopes: Scopes,
    pub ends_at: DateTime<Utc>,
}

pub async fn insert_personal(db: &mut PgConnection, token: &NewPersonalToken<'_>) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into auth.personal_tokens
             (id, user_id, name, token_hash, ending, scopes, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (id) do nothing",
        token.id.uuid(),
        token.user_id.uuid(),
        token.name,
        token.token_hash.as_slice(),
        token.ending,
        &words(token.scopes),
        token.created_at,
        token.expires_at,
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A person's tokens, newest first, expired ones included.
pub async fn personal_of_user(db: impl PgExecutor<'_>, user_id: UserId) -> Result<Vec<PersonalToken>> {
    let rows = sqlx::query!(
        "select id, name, ending, scopes, created_at, expires_at, last_used_at, last_address
         from auth.personal_tokens where user_id = $1 order by created_at desc, id desc",
        user_id.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PersonalToken {
                id: row.id.into(),
                name: row.name,
                ending: row.ending,
                scopes: scopes(&row.scopes)?,
                created_at: row.created_at,
                expires_at: row.expires_at,
                last_used_at: row.last_used_at,
                last_address: row.last_address,
            })
        })
        .collect()
}

/// Deletes a token of this person, and all that was given out for it; gives its name.
pub async fn delete_personal(
    db: impl PgExecutor<'_>,
    user_id: UserId,
    id: TokenId,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "delete from auth.personal_tokens where id = $1 and user_id = $2 returning name",
        id.uuid(),
        user_id.uuid(),
    )
    .fetch_optional(db)
    .await?)
}

/// Who is behind a personal token, unless it has expired or its owner is not let in any more.
pub async fn by_personal(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Bearer>> {
    sqlx::query_as!(
        BearerRow,
        r#"select t.id, t.user_id, t.scopes, t.expires_at as ends_at, t.last_used_at,
                  u.display_name, u.region, u.email_verified_at is not null as "email_verified!",
                  array(select role from auth.user_roles r where r.user_id = t.user_id) as "roles!"
           from auth.personal_tokens t join auth.users u on u.id = t.user_id
           where t.token_hash = $1 and t.expires_at > $2 and u.status = 'active'"#,
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(db)
    .await?
    .map(Bearer::try_from)
    .transpose()
}

/// Who is behind the access tokens of a family, unless it has ended or its owner is not let in any
/// more. A family that is not refreshed goes on until its last access token has expired.
pub async fn by_family(db: impl PgExecutor<'_>, id: Uuid, now: DateTime<Utc>) -> Result<Option<Bearer>> {
    sqlx::query_as!(
        BearerRow,
        r#"select f.id, f.user_id, f.scopes, f.ends_at, null::timestamptz as last_used_at,
                  u.display_name, u.region, u.email_verified_at is not null as "email_verified!",
                  array(select role from auth.user_roles r where r.user_id = f.user_id) as "roles!"
           from auth.token_families f join auth.users u on u.id = f.user_id
           where f.id = $1 and f.ends_at > $2 and u.status = 'active'"#,
        id,
        now,
    )
    .fetch_optional(db)
    .await?
    .map(Bearer::try_from)
    .transpose()
}

/// Whether the personal token or the family of this identifier still admits anybody.
pub async fn is_live(db: impl PgExecutor<'_>, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from (
                   select user_id from auth.personal_tokens where id = $1 and expires_at > $2
                   union all
                   select user_id from auth.token_families where id = $1 and ends_at > $2
               ) t join auth.users u on u.id = t.user_id where u.status = 'active'
           ) as "is!""#,
        id,
        now,
    )
    .fetch_one(db)
    .await?)
}

/// Notes that a personal token was used.
pub async fn touch_personal(
    db: impl PgExecutor<'_>,
    id: Uuid,
    address: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update auth.personal_tokens set last_used_at = $2, last_address = $3 where id = $1",
        id,
        now,
        address,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn insert_family(db: &mut PgConnection, family: &NewFamily<'_>) -> Result<()> {
    sqlx::query!(
        "insert into auth.token_families
             (id, user_id, personal_token_id, scopes, refresh_hash, created_at, refreshed_at, expires_at,
              ends_at)
         values ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
        family.id,
        family.user_id.uuid(),
        family.personal_token_id,
        &words(family.scopes),
        family.refresh_hash.as_slice(),
        family.created_at,
        family.expires_at,
        family.ends_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends all families that stand on a personal token but the `keep` that were refreshed last. One that is
/// being ended already is not waited for.
pub async fn trim_families(db: &mut PgConnection, personal_token_id: Uuid, keep: i64) -> Result<()> {
    sqlx::query!(
        "delete from auth.token_families where id in (
             select id from auth.token_families where id in (
                 select id from auth.token_families where personal_token_id = $1
                 order by refreshed_at desc, id desc offset $2
             ) for update skip locked
         )",
        personal_token_id,
        keep,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts the refresh token `new` in the place of `old`. None if `old` is not the present one of a
/// family that goes on: of two that come at once, one gets none.
pub async fn refresh(
    db: &mut PgConnection,
    old: &[u8; 32],
    new: &[u8; 32],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Option<Refreshed>> {
    let row = sqlx::query!(
        "update auth.token_families f
         set refresh_hash = $2, refreshed_at = $3, expires_at = least($4, f.ends_at)
         from auth.users u
         where f.refresh_hash = $1 and f.expires_at > $3 and u.id = f.user_id and u.status = 'active'
         returning f.id, f.user_id, f.personal_token_id, f.scopes, f.ends_at",
        old.as_slice(),
        new.as_slice(),
        now,
        expires_at,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    sqlx::query!(
        "insert into auth.spent_refresh_tokens (token_hash, family_id) values ($1, $2)",
        old.as_slice(),
        row.id,
    )
    .execute(db)
    .await?;
    Ok(Some(Refreshed {
        id: row.id,
        user_id: row.user_id.into(),
        personal_token_id: row.personal_token_id,
        scopes: scopes(&row.scopes)?,
        ends_at: row.ends_at,
    }))
}

/// Ends the family of a refresh token that was used before; gives whose it was.
pub async fn end_family_of_spent(db: impl PgExecutor<'_>, token_hash: &[u8; 32]) -> Result<Option<UserId>> {
    let owner = sqlx::query_scalar!(
        "delete from auth.token_families
         where id = (select family_id from auth.spent_refresh_tokens where token_hash = $1)
         returning user_id",
        token_hash.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(owner.map(UserId::from))
}

/// Removes personal tokens that expired before `forget`, and families that can no longer be refreshed and
/// whose access tokens have expired. It holds those of many people, and so waits for nobody: what somebody
/// else holds is left for the next time.
pub async fn prune(db: &mut PgConnection, over: DateTime<Utc>, forget: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "delete from auth.personal_tokens where id in (
             select id from auth.personal_tokens where expires_at <= $1 for update skip locked
         )",
        forget,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from auth.token_families where id in (
             select id from auth.token_families where expires_at <= $1 for update skip locked
         )",
        over,
    )
    .execute(db)
    .await?;
    Ok(())
}

struct BearerRow {
    id: Uuid,
    user_id: Uuid,
    scopes: Vec<String>,
    ends_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    display_name: String,
    region: String,
    email_verified: bool,
    roles: Vec<String>,
}

impl TryFrom<BearerRow> for Bearer {
    type Error = crate::Error;

    fn try_from(row: BearerRow) -> Result<Self> {
        let roles = row.roles.iter().map(|role| stored("role", role)).collect::<Result<Vec<Role>>>()?;
        Ok(Self {
            id: row.id,
            user_id: row.user_id.into(),
            display_name: row.display_name,
            region: stored("region", &row.region)?,
            roles: roles.into_iter().collect(),
            email_verified: row.email_verified,
            scopes: scopes(&row.scopes)?,
            ends_at: row.ends_at,
            last_used_at: row.last_used_at,
        })
    }
}

fn words(scopes: &Scopes) -> Vec<String> {
    scopes.iter().map(|scope| scope.to_string()).collect()
}

fn scopes(words: &[String]) -> Result<Scopes> {
    let scopes = words.iter().map(|word| stored("scope", word)).collect::<Result<Vec<Scope>>>()?;
    Ok(scopes.into_iter().collect())
}
