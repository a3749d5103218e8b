//! Looking at matches: a freelancer's feed, a client's candidates, and the receipts.

use domain::{
    JobId, UserId,
    feed::{CandidateCard, MatchCard},
    job::Job,
    profile::Visibility,
    receipt::Score,
};
use identity::{Permission, Principal};
use storage::{feeds, matches};

pub use storage::matches::Explained;

use crate::{
    Reading, Result, ServiceError, Services,
    engine::cards::{candidate_card, feed_card},
};

/// How many matches a page shows.
const SHOWN: i64 = 100;

/// What stands behind an empty feed, where it is not simply that nothing fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileState {
    Missing,
    Paused,
    Visible,
}

/// A freelancer's matches, best first.
pub struct Feed {
    pub cards: Vec<MatchCard>,
    /// The live channel goes on from here.
    pub last_seq: i64,
    pub profile: ProfileState,
    pub reading: Reading,
}

pub async fn feed(services: &Services, who: &Principal) -> Result<Feed> {
    let freelancer = who.may(Permission::SeeMatches)?;
    let mut db = services.database.begin_as(freelancer.user_id()).await?;
    // The position first: a match that comes in between is then shown twice to the browser, which
    // takes it as one, rather than never.
    let position = feeds::position(&mut *db, freelancer.user_id()).await?;
    let rows = matches::feed(&mut *db, freelancer.user_id(), None, SHOWN).await?;
    let profile = storage::profiles::by_user(&mut *db, freelancer.user_id()).await?;
    Ok(Feed {
        cards: rows.iter().map(feed_card).collect(),
        last_seq: position.last_seq,
        profile: match profile {
            None => ProfileState::Missing,
            Some(profile) if profile.content.visibility == Visibility::Paused => ProfileState::Paused,
            Some(_) => ProfileState::Visible,
        },
        reading: services.engine.reading(),
    })
}

/// A freelancer's matches, best first; those behind the match `after`, where one is given.
pub async fn after(
    services: &Services,
    who: &Principal,
    after: Option<(Score, JobId)>,
    limit: u8,
) -> Result<Vec<MatchCard>> {
    let freelancer = who.may(Permission::SeeMatches)?.user_id();
    let mut tx = services.database.begin_as(freelancer).await?;
    let rows = matches::feed(&mut *tx, freelancer, after, limit.into()).await?;
    Ok(rows.iter().map(feed_card).collect())
}

/// The best freelancers for one of the client's own jobs.
pub struct Candidates {
    pub job: Job,
    pub cards: Vec<CandidateCard>,
    /// The live channel goes on from here.
    pub last_seq: i64,
    pub reading: Reading,
}

pub async fn candidates(services: &Services, who: &Principal, job: JobId) -> Result<Candidates> {
    who.may(Permission::SeeCandidates)?;
    let job = crate::jobs::own_job(services, who, job).await?;
    let mut db = services.database.begin_as(who.user_id).await?;
    let position = feeds::position(&mut *db, who.user_id).await?;
    let rows = matches::candidates(&mut *db, job.id, SHOWN).await?;
    Ok(Candidates {
        cards: rows.iter().map(candidate_card).collect(),
        job,
        last_seq: position.last_seq,
        reading: services.engine.reading(),
    })
}

/// The whole receipt of a match. It is for the freelancer and for the job's client, nobody else.
pub async fn receipt(
    services: &Services,
    who: &Principal,
    job_id: JobId,
    freelancer: UserId,
) -> Result<(Job, Explained)> {
    if who.user_id == freelancer {
        who.may(Permission::SeeMatches)?;
    } else {
        who.may(Permission::SeeCandidates)?;
    }
    let missing = || ServiceError::NotFound("match");
    let mut db = services.database.begin_as(who.user_id).await?;
    let job = storage::jobs::by_id(&mut *db, job_id).await?.ok_or_else(missing)?;
    if who.user_id != freelancer && who.user_id != job.client_id {
        return Err(missing());
    }
    let explained = matches::explained(&mut *db, job_id, freelancer).await?.ok_or_else(missing)?;
    Ok((job, explained))
}
