//! The demonstration marketplace.

use demo_data::{DemoJob, Person, Plan};
use storage::bulk::{self, DemoPlan};

use crate::{Result, ServiceError, Services};

/// Rows written in one transaction.
const BATCH: usize = 500;

/// Fills the marketplace with demonstration people and jobs, once: where there is a plan already,
/// that one is completed if it was interrupted, and otherwise nothing is done. The two known
/// accounts get `password`; nobody can sign in as any other. `progress` hears how many of how many
/// rows are written.
pub async fn seed(
    services: &Services,
    freelancers: usize,
    jobs: usize,
    seed: u64,
    password: &str,
    mut progress: impl FnMut(usize, usize),
) -> Result<()> {
    let bounded = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let wanted = DemoPlan {
        freelancers: bounded(freelancers),
        jobs: bounded(jobs),
        seed: i64::from_ne_bytes(seed.to_ne_bytes()),
        planned_at: services.now(),
        completed_at: None,
    };
    let mut tx = services.database.begin_as_house().await?;
    let known = bulk::demo_plan(&mut tx, &wanted).await?;
    tx.commit().await?;
    if known.completed_at.is_some() {
        return Ok(());
    }
    let seed = u64::from_ne_bytes(known.seed.to_ne_bytes());
    let plan = Plan::new(known.freelancers as usize, known.jobs as usize, seed, known.planned_at);
    let total = plan.freelancers + plan.clients + plan.jobs;
    let hash = services.passwords.hash(password.into()).await.map_err(ServiceError::internal)?;
    let mut written = 0;
    let mut people = demo_data::people(plan).peekable();
    while people.peek().is_some() {
        let batch: Vec<_> = people.by_ref().take(BATCH).map(|person| person_row(person, &hash)).collect();
        let mut tx = services.database.begin_as_house().await?;
        bulk::insert_people(&mut tx, &batch).await?;
        tx.commit().await?;
        written += batch.len();
        progress(written, total);
    }
    let mut jobs = demo_data::jobs(plan).peekable();
    while jobs.peek().is_some() {
        let batch: Vec<_> = jobs.by_ref().take(BATCH).map(job_row).collect();
        let mut tx = services.database.begin_as_house().await?;
        bulk::insert_jobs(&mut tx, &batch).await?;
        tx.commit().await?;
        written += batch.len();
        progress(written, total);
    }
    let mut tx = services.database.begin_as_house().await?;
    bulk::demo_completed(&mut tx, services.now()).await?;
    tx.commit().await?;
    Ok(())
}

fn person_row(person: Person, hash: &str) -> bulk::Person {
    let known = [demo_data::CLIENT_EMAIL, demo_data::FREELANCER_EMAIL].contains(&person.email.as_str());
    bulk::Person {
        id: person.id,
        email: person.email.as_str().to_owned(),
        display_name: person.display_name,
        password_hash: known.then(|| hash.to_owned()),
        region: person.region,
        roles: person.roles,
        created_at: person.created_at,
        profile: person.profile.map(|profile| (profile, person.profile_updated_at)),
    }
}

fn job_row(job: DemoJob) -> bulk::BulkJob {
    bulk::BulkJob {
        id: job.id,
        client_id: job.client,
        region: job.region,
        status: job.status,
        content: job.content,
        created_at: job.created_at,
        published_at: job.published_at,
        closed_at: job.closed_at,
    }
}
