use chrono::{DateTime, Utc};
use domain::OrganisationId;
use sqlx::{PgConnection, PgExecutor};

use crate::Result;

/// The constraint that keeps a domain to the one organisation that has proved it.
pub const PROVED_ONCE: &str = "organisation_domains_proved_once";

/// A domain that an organisation says is its own.
#[derive(Clone, Debug)]
pub struct Domain {
    pub domain: String,
    pub proof_token: String,
    pub proved_at: Option<DateTime<Utc>>,
    pub last_checked_at: Option<DateTime<Utc>>,
    pub missing_since: Option<DateTime<Utc>>,
}

/// The domains of an organisation, in the order of the alphabet.
pub async fn domains(db: impl PgExecutor<'_>, id: OrganisationId) -> Result<Vec<Domain>> {
    let rows = sqlx::query_as!(
        Domain,
        "select domain, proof_token, proved_at, last_checked_at, missing_since from auth.organisation_domains
         where organisation_id = $1 order by domain",
        id.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub async fn domain(db: impl PgExecutor<'_>, id: OrganisationId, domain: &str) -> Result<Option<Domain>> {
    let row = sqlx::query_as!(
        Domain,
        "select domain, proof_token, proved_at, last_checked_at, missing_since from auth.organisation_domains
         where organisation_id = $1 and domain = $2",
        id.uuid(),
        domain,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// False for one that is there already, which keeps its token.
pub async fn add_domain(
    db: &mut PgConnection,
    id: OrganisationId,
    domain: &str,
    proof_token: &str,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into auth.organisation_domains (organisation_id, domain, proof_token) values ($1, $2, $3)
         on conflict on constraint organisation_domains_pkey do nothing",
        id.uuid(),
        domain,
        proof_token,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that the record is there; false if the domain is not claimed with this token any more.
///
/// Errors: refused by [`PROVED_ONCE`] if another organisation has proved it.
pub async fn prove(
    db: &mut PgConnection,
    id: OrganisationId,
    domain: &str,
    proof_token: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.organisation_domains
         set proved_at = coalesce(proved_at, $4), last_checked_at = $4, missing_since = null
         where organisation_id = $1 and domain = $2 and proof_token = $3",
        id.uuid(),
        domain,
        proof_token,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that the record was looked for. `missing` tells whether it is not there; none that there was
/// no answer.
pub async fn checked(
    db: impl PgExecutor<'_>,
    id: OrganisationId,
    domain: &str,
    missing: Option<bool>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update auth.organisation_domains
         set last_checked_at = $4,
             missing_since = case when $3::boolean is null then missing_since
                                  when $3 and proved_at is not null then coalesce(missing_since, $4) end
         where organisation_id = $1 and domain = $2",
        id.uuid(),
        domain,
        missing,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the proof back whose record has been missing since before `since`; false if it was there again.
pub async fn forget_proof(
    db: &mut PgConnection,
    id: OrganisationId,
    domain: &str,
    since: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.organisation_domains set proved_at = null, missing_since = null
         where organisation_id = $1 and domain = $2 and missing_since <= $3",
        id.uuid(),
        domain,
        since,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A domain whose record is to be looked for again.
pub struct Proved {
    pub organisation_id: OrganisationId,
    pub domain: String,
    pub proof_token: String,
}

/// The proved domains that were not looked at since `before`, those first that were longest ago.
pub async fn due(db: impl PgExecutor<'_>, before: DateTime<Utc>, limit: i64) -> Result<Vec<Proved>> {
    let rows = sqlx::query!(
        "select organisation_id, domain, proof_token from auth.organisation_domains
         where proved_at is not null and last_checked_at <= $1 order by last_checked_at limit $2",
        before,
        limit,
    )
    .fetch_all(db)
    .await?;
    let proved = rows.into_iter().map(|row| Proved {
        organisation_id: row.organisation_id.into(),
        domain: row.domain,
        proof_token: row.proof_token,
    });
    Ok(proved.collect())
}

/// False if the organisation has no such domain.
pub async fn remove_domain(db: &mut PgConnection, id: OrganisationId, domain: &str) -> Result<bool> {
    let done = sqlx::query!(
        "delete from auth.organisation_domains where organisation_id = $1 and domain = $2",
        id.uuid(),
        domain,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}
