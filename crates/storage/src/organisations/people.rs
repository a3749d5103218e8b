use chrono::{DateTime, Utc};
use domain::{OrganisationId, SessionId, UserId};
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

/// The constraint that keeps a person at an issuer to one account.
pub const SUBJECT_UNIQUE: &str = "organisation_identities_subject_unique";

/// Errors: refused by the table's primary key if the person sets up another organisation.
pub async fn add_manager(db: &mut PgConnection, id: OrganisationId, user_id: UserId) -> Result<()> {
    sqlx::query!(
        "insert into auth.organisation_managers (organisation_id, user_id) values ($1, $2)",
        id.uuid(),
        user_id.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn managers(db: impl PgExecutor<'_>, id: OrganisationId) -> Result<Vec<UserId>> {
    let rows = sqlx::query_scalar!(
        "select user_id from auth.organisation_managers where organisation_id = $1",
        id.uuid()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(UserId::from).collect())
}

pub async fn is_manager(db: impl PgExecutor<'_>, id: OrganisationId, user_id: UserId) -> Result<bool> {
    let is = sqlx::query_scalar!(
        r#"select exists (
               select from auth.organisation_managers where organisation_id = $1 and user_id = $2
           ) as "is!""#,
        id.uuid(),
        user_id.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(is)
}

/// Whether somebody sets up any organisation.
pub async fn manages(db: impl PgExecutor<'_>, user_id: UserId) -> Result<bool> {
    let is = sqlx::query_scalar!(
        r#"select exists (select from auth.organisation_managers where user_id = $1) as "is!""#,
        user_id.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(is)
}

/// Whose account the issuer of an organisation vouches for.
pub async fn identity_owner(
    db: impl PgExecutor<'_>,
    id: OrganisationId,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserId>> {
    let owner = sqlx::query_scalar!(
        "select user_id from auth.organisation_identities
         where organisation_id = $1 and issuer = $2 and subject = $3",
        id.uuid(),
        issuer,
        subject,
    )
    .fetch_optional(db)
    .await?;
    Ok(owner.map(UserId::from))
}

/// Errors: refused by the primary key if the organisation's issuer vouches for the person under another
/// name, and by [`SUBJECT_UNIQUE`] if for another person under this one.
pub async fn insert_identity(
    db: &mut PgConnection,
    id: OrganisationId,
    user_id: UserId,
    issuer: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into auth.organisation_identities
             (organisation_id, user_id, issuer, subject, linked_at, last_used_at)
         values ($1, $2, $3, $4, $5, $5)",
        id.uuid(),
        user_id.uuid(),
        issuer,
        subject,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn touch_identity(
    db: impl PgExecutor<'_>,
    id: OrganisationId,
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update auth.organisation_identities set last_used_at = $3 where organisation_id = $1 and user_id = $2",
        id.uuid(),
        user_id.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets whom a former issuer vouched for.
pub async fn delete_identities(db: &mut PgConnection, id: OrganisationId) -> Result<()> {
    sqlx::query!("delete from auth.organisation_identities where organisation_id = $1", id.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// An organisation whose issuer vouches for somebody.
#[derive(Clone, Debug)]
pub struct Identity {
    pub organisation_id: OrganisationId,
    pub linked_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

pub async fn identities_of(db: impl PgExecutor<'_>, user_id: UserId) -> Result<Vec<Identity>> {
    let rows = sqlx::query_as!(
        Identity,
        "select organisation_id, linked_at, last_used_at from auth.organisation_identities
         where user_id = $1 order by linked_at",
        user_id.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Whether somebody's roles follow from the groups that they are in at an organisation.
pub async fn gives_roles_to(db: impl PgExecutor<'_>, user_id: UserId) -> Result<bool> {
    let gives = sqlx::query_scalar!(
        r#"select exists (
               select from auth.organisation_identities i
               join auth.organisation_groups g on g.organisation_id = i.organisation_id
               join auth.organisation_domains d on d.organisation_id = i.organisation_id
               join auth.users u on u.id = i.user_id
               where i.user_id = $1 and d.proved_at is not null and d.domain = split_part(u.email, '@', 2)
           ) as "is!""#,
        user_id.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(gives)
}

/// Whether an organisation that the person's address belongs to lets them in by its issuer.
pub async fn lets_in(db: impl PgExecutor<'_>, user_id: UserId) -> Result<bool> {
    let lets = sqlx::query_scalar!(
        r#"select exists (
               select from auth.organisation_identities i
               join auth.organisations o on o.id = i.organisation_id
               join auth.organisation_domains d on d.organisation_id = i.organisation_id
               join auth.users u on u.id = i.user_id
               where i.user_id = $1 and o.issuer is not null
                 and d.proved_at is not null and d.domain = split_part(u.email, '@', 2)
           ) as "is!""#,
        user_id.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(lets)
}

/// How many people its issuer vouches for.
pub async fn people(db: impl PgExecutor<'_>, id: OrganisationId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from auth.organisation_identities where organisation_id = $1"#,
        id.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

/// Signs everybody out who has an address of the organisation's proved domains, but for one session and
/// for administrators; gives how many sessions that were. Whoever is just coming in is waited for.
pub async fn end_other_sessions(db: &mut PgConnection, id: OrganisationId, keep: SessionId) -> Result<u64> {
    sqlx::query!(
        "select from auth.users u join auth.organisation_domains d on d.domain = split_part(u.email, '@', 2)
         where d.organisation_id = $1 and d.proved_at is not null
           and not exists (select from auth.user_roles r
                           where r.user_id = u.id and r.role in ('admin', 'superadmin'))
         order by u.id for no key update of u",
        id.uuid(),
    )
    .execute(&mut *db)
    .await?;
    for begun_or_given in [
        "auth.pending_sign_ins",
        "auth.personal_tokens",
        "auth.email_changes",
        "auth.password_resets",
        "auth.trusted_devices",
    ] {
        let statement = format!(
            "delete from {begun_or_given} t using auth.users u, auth.organisation_domains d
             where u.id = t.user_id and d.domain = split_part(u.email, '@', 2)
               and d.organisation_id = $1 and d.proved_at is not null
               and not exists (select from auth.user_roles r
                               where r.user_id = u.id and r.role in ('admin', 'superadmin'))"
        );
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.uuid()).execute(&mut *db).await?;
    }
    let done = sqlx::query!(
        "delete from auth.sessions s using auth.users u, auth.organisation_domains d
         where u.id = s.user_id and d.domain = split_part(u.email, '@', 2)
           and d.organisation_id = $1 and d.proved_at is not null and s.id <> $2
           and not exists (select from auth.user_roles r
                           where r.user_id = u.id and r.role in ('admin', 'superadmin'))",
        id.uuid(),
        keep.uuid(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
