//! Posting, editing and closing jobs, and looking at them.

use domain::{
    JobId,
    browse::{JobFilter, JobListing, Page},
    job::{Job, JobForm, JobStatus},
    receipt::Receipt,
};
use events::Event;
use identity::{Permission, Principal};
use storage::jobs::{self, NewJob, OwnJob};

use crate::{Result, ServiceError, Services, accounts::act_as};

/// A page of the open jobs.
pub async fn browse(services: &Services, filter: &JobFilter) -> Result<Page<JobListing>> {
    storage::browse::jobs(services.database.pool(), filter).await.map_err(crate::error::of_words)
}

/// A job as one person sees it.
pub struct View {
    pub job: Job,
    /// Whether it is the viewer's own.
    pub own: bool,
    /// Why it suits the viewer, if it does.
    pub receipt: Option<Receipt>,
}

/// A job: what was never published or is on hold is for its client alone, open and closed ones are for
/// everybody.
pub async fn view(services: &Services, who: Option<&Principal>, id: JobId) -> Result<View> {
    let mut db = services.database.begin_for(who.map(|who| who.user_id)).await?;
    let job = jobs::by_id(&mut *db, id).await?.ok_or(ServiceError::NotFound("job"))?;
    let own = who.is_some_and(|who| who.user_id == job.client_id);
    if !own && matches!(job.status, JobStatus::Draft | JobStatus::Held) {
        return Err(ServiceError::NotFound("job"));
    }
    let receipt = match who {
        Some(who) if !own => storage::matches::explained(&mut *db, id, who.user_id)
            .await?
            .filter(|explained| explained.removed_at.is_none())
            .map(|explained| explained.receipt),
        _ => None,
    };
    Ok(View { job, own, receipt })
}

/// The client's own jobs, drafts and closed ones included.
pub async fn own(services: &Services, who: &Principal) -> Result<Vec<OwnJob>> {
    let client = who.may(Permission::SeeOwnJobs)?;
    let mut db = services.database.begin_as(client.user_id()).await?;
    Ok(jobs::of_client(&mut *db, client.user_id()).await?)
}

/// One of the client's own jobs, to be edited or looked after.
pub async fn own_job(services: &Services, who: &Principal, id: JobId) -> Result<Job> {
    let client = who.may(Permission::SeeOwnJobs)?;
    let mut db = services.database.begin_as(client.user_id()).await?;
    jobs::by_id(&mut *db, id)
        .await?
        .filter(|job| job.client_id == client.user_id())
        .ok_or(ServiceError::NotFound("job"))
}

const ON_HOLD: &str = "This job is on hold while the account is looked at.";

/// What becomes of a job that is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Keep it as a draft, or leave it as it is.
    Keep,
    /// Show it to everybody and match it.
    Publish,
}

/// Adds a job. The identifier is chosen by the form, so that one sent twice adds one job; sent again
/// with other words, as after going back in the browser, it changes the job it added.
pub async fn create(
    services: &Services,
    who: &Principal,
    id: JobId,
    form: &JobForm,
    intent: Intent,
) -> Result<()> {
    let client = who.may(Permission::PostJobs)?;
    let content = form.validate()?;
    let status = if intent == Intent::Publish { JobStatus::Open } else { JobStatus::Draft };
    let new = NewJob {
        id,
        client_id: client.user_id(),
        region: who.region,
        status,
        content: &content,
        now: services.now(),
    };
    let mut tx = act_as(services, who).await?;
    if jobs::insert(&mut tx, &new).await? {
        if status == JobStatus::Open {
            events::append(&mut tx, Event::JobPosted { job_id: id }).await?;
        }
        tx.commit().await?;
        return Ok(());
    }
    drop(tx);
    // The identifier is taken: by what this form has sent before, or by somebody else's job.
    let before = own_job(services, who, id).await?;
    let is_done = |job: &Job| match (job.status, intent) {
        (JobStatus::Open, Intent::Keep) | (JobStatus::Draft, Intent::Publish) => false,
        _ => job.content == content,
    };
    if is_done(&before) {
        return Ok(());
    }
    if (before.status, intent) == (JobStatus::Open, Intent::Keep) {
        return Err(ServiceError::Conflict(
            "This job is published already, so it cannot be kept as a draft. Edit it under My jobs.",
        ));
    }
    match edit(services, who, id, before.version, form, intent).await {
        // A button pressed twice: the other request was faster.
        Err(ServiceError::Conflict(_)) if is_done(&own_job(services, who, id).await?) => Ok(()),
        edited => edited,
    }
}

/// Replaces what a job says, if nobody has changed it since the form was opened.
pub async fn edit(
    services: &Services,
    who: &Principal,
    id: JobId,
    expected_version: i32,
    form: &JobForm,
    intent: Intent,
) -> Result<()> {
    let client = who.may(Permission::PostJobs)?;
    let before = own_job(services, who, id).await?;
    let content = form.validate()?;
    let now = services.now();
    let mut tx = act_as(services, who).await?;
    jobs::update(&mut tx, id, client.user_id(), expected_version, &content, now).await?.ok_or(
        match before.status {
            JobStatus::Closed => ServiceError::Conflict("This job is closed and can no longer be changed."),
            JobStatus::Held => ServiceError::Conflict(ON_HOLD),
            _ => ServiceError::Conflict(
                "This job was changed in another window. Open it again to see its present state.",
            ),
        },
    )?;
    match (before.status, intent) {
        (JobStatus::Draft, Intent::Publish) => {
            jobs::publish(&mut tx, id, client.user_id(), now).await?;
            events::append(&mut tx, Event::JobPosted { job_id: id }).await?;
        }
        (JobStatus::Open, _) => events::append(&mut tx, Event::JobEdited { job_id: id }).await?,
        _ => {}
    }
    tx.commit().await?;
    Ok(())
}

/// Shows a draft to everybody. Publishing what is open already changes nothing.
pub async fn publish(services: &Services, who: &Principal, id: JobId) -> Result<()> {
    let client = who.may(Permission::PostJobs)?;
    let job = own_job(services, who, id).await?;
    match job.status {
        JobStatus::Open => return Ok(()),
        JobStatus::Closed => return Err(ServiceError::Conflict("This job is closed. Post it anew.")),
        JobStatus::Held => return Err(ServiceError::Conflict(ON_HOLD)),
        JobStatus::Draft => {}
    }
    let mut tx = act_as(services, who).await?;
    if jobs::publish(&mut tx, id, client.user_id(), services.now()).await?.is_some() {
        events::append(&mut tx, Event::JobPosted { job_id: id }).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What is left of a job that its client is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It can still be read.
    Closed,
    /// It was a draft, and is gone.
    Discarded,
}

/// Takes a job off the market for good; a draft, which was never on it, is discarded. Closing a job
/// twice changes nothing.
pub async fn close(services: &Services, who: &Principal, id: JobId) -> Result<Ended> {
    let client = who.may(Permission::PostJobs)?;
    let job = own_job(services, who, id).await?;
    if job.status == JobStatus::Draft {
        discard(services, who, id, job.version).await?;
        return Ok(Ended::Discarded);
    }
    let mut tx = act_as(services, who).await?;
    if jobs::close(&mut tx, id, client.user_id(), services.now()).await?.is_some() {
        events::append(&mut tx, Event::JobClosed { job_id: id }).await?;
    }
    tx.commit().await?;
    Ok(Ended::Closed)
}

/// Deletes a draft, if it was neither changed nor published since its client looked at it.
pub async fn discard(services: &Services, who: &Principal, id: JobId, expected_version: i32) -> Result<()> {
    let client = who.may(Permission::PostJobs)?;
    own_job(services, who, id).await?;
    let mut tx = act_as(services, who).await?;
    if !jobs::discard(&mut tx, id, client.user_id(), expected_version).await? {
        return Err(ServiceError::Conflict(
            "This draft was changed or published in another window. Here is its present state.",
        ));
    }
    tx.commit().await?;
    Ok(())
}
