//! The end of an account.

use chrono::{DateTime, Utc};
use domain::{JobId, UserId};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Deletion, PERSON_TABLES};
use crate::Result;

/// What an account is called whose owner has left.
const NAME: &str = "Former member";

/// Takes from an account everything by which its owner is known. Its address is free again; in its
/// place stands one that nobody can have.
pub async fn anonymise(db: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update auth.users
         set status = 'deleted', deleted_at = coalesce(deleted_at, $2), suspended_at = null, display_name = $3,
             email = id || '@deleted.invalid', email_verified_at = null, password_hash = null, updated_at = $2
         where id = $1",
        user.uuid(),
        now,
        NAME,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether an account was deleted by its owner; it stays so.
pub async fn is_deleted(db: impl PgExecutor<'_>, user: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from auth.users where id = $1 and status = 'deleted') as "is!""#,
        user.uuid(),
    )
    .fetch_one(db)
    .await?)
}

pub async fn email_of(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select email from auth.users where id = $1 for update", user.uuid())
        .fetch_optional(db)
        .await?)
}

/// Takes a client's open jobs off the market, and deletes their drafts; gives those that were open.
pub async fn close_open_jobs(
    db: &mut PgConnection,
    client: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<JobId>> {
    sqlx::query!("delete from core.jobs where client_id = $1 and status = 'draft'", client.uuid())
        .execute(&mut *db)
        .await?;
    let closed = sqlx::query_scalar!(
        "update core.jobs set status = 'closed', version = version + 1, closed_at = $2, updated_at = $2
         where client_id = $1 and status = 'open' returning id",
        client.uuid(),
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(closed.into_iter().map(JobId::from).collect())
}

/// Deletes the rows that go at once.
pub async fn delete_at_once(db: &mut PgConnection, user: UserId) -> Result<()> {
    delete(db, user, Deletion::AtOnce).await
}

/// All jobs a client ever posted.
pub async fn jobs_of(db: impl PgExecutor<'_>, client: UserId) -> Result<Vec<JobId>> {
    let jobs = sqlx::query_scalar!("select id from core.jobs where client_id = $1", client.uuid());
    Ok(jobs.fetch_all(db).await?.into_iter().map(JobId::from).collect())
}

/// Whether everybody has been told what became of the person's profile and jobs.
pub async fn is_settled(db: impl PgExecutor<'_>, user: UserId, jobs: &[JobId]) -> Result<bool> {
    let subjects: Vec<Uuid> = jobs.iter().map(|job| job.uuid()).chain([user.uuid()]).collect();
    Ok(sqlx::query_scalar!(
        r#"select not exists (
               select from core.outbox where aggregate_id = any($1) and delivered_at is null) as "is!""#,
        &subjects,
    )
    .fetch_one(db)
    .await?)
}

/// Takes out of the messages in others' feeds what the person wrote. Each message stays, for a feed
/// has no gap: one that announced a job says that it was closed, and one that announced candidates
/// has this one no longer among them.
pub async fn forget_in_feeds(db: &mut PgConnection, user: UserId, jobs: &[JobId]) -> Result<()> {
    let jobs: Vec<String> = jobs.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "update ai.feed_messages
         set message = jsonb_build_object(
             'type', 'match_removed',
             'data', jsonb_build_object('job_id', message #> '{data,job_id}', 'reason', 'closed'))
         where message ->> 'type' in ('match_added', 'match_updated')
           and message #>> '{data,job_id}' = any($1)",
        &jobs,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update ai.feed_messages
         set message = jsonb_set(message, '{data,upserted}', (
             select coalesce(jsonb_agg(card order by place), '[]'::jsonb)
             from jsonb_array_elements(message #> '{data,upserted}') with ordinality as t (card, place)
             where card ->> 'freelancer_id' <> $1))
         where message ->> 'type' = 'candidates_changed'
           and message #> '{data,upserted}' @> jsonb_build_array(jsonb_build_object('freelancer_id', $1::text))",
        user.to_string(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes what is left of the person: what they wrote, what was found for them, and what a model
/// read from it.
pub async fn erase_afterwards(db: &mut PgConnection, user: UserId, jobs: &[JobId]) -> Result<()> {
    let subjects: Vec<Uuid> = jobs.iter().map(|job| job.uuid()).chain([user.uuid()]).collect();
    let hashes = sqlx::query_scalar!(
        "delete from ai.texts where subject_id = any($1) returning content_hash",
        &subjects
    )
    .fetch_all(&mut *db)
    .await?;
    // Somebody else may have written the very same text.
    sqlx::query!(
        "delete from ai.embeddings e where content_hash = any($1)
           and not exists (select from ai.texts t where t.content_hash = e.content_hash)",
        &hashes,
    )
    .execute(&mut *db)
    .await?;
    delete(db, user, Deletion::Afterwards).await
}

async fn delete(db: &mut PgConnection, user: UserId, when: Deletion) -> Result<()> {
    // Backwards: what is listed later refers to what is listed before it.
    for own in PERSON_TABLES.iter().rev().filter(|own| own.deletion == when) {
        let sql = format!("delete from {} where {} = $1", own.table, own.owner);
        sqlx::query(AssertSqlSafe(sql)).bind(user.uuid()).execute(&mut *db).await?;
    }
    Ok(())
}
