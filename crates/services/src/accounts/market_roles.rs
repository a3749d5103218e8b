//! What follows from taking up and giving up the roles of the market, whoever decided it.

use chrono::{DateTime, Utc};
use domain::{
    UserId,
    role::{Role, Roles},
};
use events::Event;
use sqlx::PgConnection;
use storage::{jobs, profiles};

use crate::Result;

/// Takes a freelancer's profile and a client's open jobs off the market with the role, and opens the
/// held jobs again of who may hire again. A profile its owner shows again themselves.
pub(crate) async fn follow(
    db: &mut PgConnection,
    id: UserId,
    before: &Roles,
    after: &Roles,
    now: DateTime<Utc>,
) -> Result<()> {
    let lost = |role| before.contains(role) && !after.contains(role);
    if lost(Role::Freelancer) {
        profiles::pause(db, id, now).await?;
        events::append(db, Event::ProfileSaved { user_id: id }).await?;
    }
    if lost(Role::Client) {
        for job_id in jobs::hold(db, id, now).await? {
            events::append(db, Event::JobClosed { job_id }).await?;
        }
    }
    if after.contains(Role::Client) && !before.contains(Role::Client) {
        for job_id in jobs::release(db, id, now).await? {
            events::append(db, Event::JobPosted { job_id }).await?;
        }
    }
    Ok(())
}
