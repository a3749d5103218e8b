//! Bringing in job postings from elsewhere.

use domain::{
    JobId, UserId,
    account::Email,
    job::{Budget, Duration, JobContent, JobForm, JobStatus},
    permission::Permission,
    place::WorkPlace,
    skill::Skill,
    validate::{line, paragraphs},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use storage::bulk::{self, BulkJob};

use crate::{Result, ServiceError, Services};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A posting as other systems write it; further fields are ignored.
#[derive(Debug, Deserialize)]
pub struct Posting {
    pub id: String,
    pub title: String,
    pub description: String,
}

/// What postings do not say and the importer therefore decides.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The account of the client whose jobs they become.
    pub client: Email,
    pub budget: Budget,
    pub duration: Duration,
}

/// What became of a file of postings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub imported: usize,
    /// Identifier of each posting that was left out, and why.
    pub left_out: Vec<(String, String)>,
}

/// Adds postings as open jobs of one client. A posting that was imported before is recognised by
/// its identifier and left as it is; one that cannot be a job is left out, with the reason.
pub async fn postings(services: &Services, json: &[u8], terms: &Terms) -> Result<Outcome> {
    let postings: Vec<Posting> = serde_json::from_slice(json).map_err(ServiceError::internal)?;
    let house = services.database.house();
    let known = storage::users::credentials(house, &terms.client).await?;
    let client_id = known.ok_or(ServiceError::NotFound("client"))?.user_id;
    let client = storage::users::by_id(house, client_id).await?.ok_or(ServiceError::NotFound("client"))?;
    if !Permission::PostJobs.is_held_by(client.roles.iter()) {
        return Err(ServiceError::Forbidden(Permission::PostJobs));
    }
    let now = services.now();
    let mut outcome = Outcome::default();
    let mut jobs = Vec::new();
    for posting in postings {
        match content(&posting, terms) {
            Ok(content) => jobs.push(BulkJob {
                id: job_id(client_id, &posting.id),
                client_id,
                region: client.region,
                status: JobStatus::Open,
                content,
                created_at: now,
                published_at: Some(now),
                closed_at: None,
            }),
            Err(reason) => outcome.left_out.push((posting.id, reason)),
        }
    }
    for batch in jobs.chunks(500) {
        let mut tx = services.database.begin_as_house().await?;
        bulk::insert_jobs(&mut tx, batch).await?;
        tx.commit().await?;
        outcome.imported += batch.len();
    }
    Ok(outcome)
}

/// The same posting gets the same identifier each time.
fn job_id(client: UserId, posting: &str) -> JobId {
    let digest = Sha256::new().chain_update(client.uuid()).chain_update(posting).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    JobId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn content(posting: &Posting, terms: &Terms) -> Result<JobContent, String> {
    let (_, title_max) = JobForm::TITLE_CHARS;
    let (_, description_max) = JobForm::DESCRIPTION_CHARS;
    let title: String = visible(&posting.title).chars().take(title_max).collect();
    let description: String = visible(&posting.description).chars().take(description_max).collect();
    let text = format!("{title} {description}");
    let required = Skill::mentioned_in(&text, JobForm::MAX_SKILLS);
    if required.is_empty() {
        return Err("names no known skill".to_owned());
    }
    Ok(JobContent {
        title: line(&title, JobForm::TITLE_CHARS.0, title_max).map_err(|fault| format!("title: {fault}"))?,
        description: paragraphs(&description, JobForm::DESCRIPTION_CHARS.0, description_max)
            .map_err(|fault| format!("description: {fault}"))?,
        required,
        nice_to_have: Vec::new(),
        budget: terms.budget,
        duration: terms.duration,
        weekly_hours: None,
        experience: None,
        work_place: WorkPlace::Remote,
        location: String::new(),
        regions: Vec::new(),
        utc_offset: None,
        languages: Vec::new(),
    })
}

/// A text without control characters and direction marks, which other systems leave behind.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !domain::validate::is_deceptive(*c)).collect()
}
