//! Freelancers' profiles.

use domain::{
    UserId,
    browse::{FreelancerFilter, FreelancerListing, Page},
    profile::{Profile, ProfileForm, Visibility},
};
use events::Event;
use identity::{Permission, Principal};

use crate::{Result, ServiceError, Services, accounts::act_as};

/// A page of the visible freelancers.
pub async fn browse(services: &Services, filter: &FreelancerFilter) -> Result<Page<FreelancerListing>> {
    storage::browse::freelancers(services.database.pool(), filter).await.map_err(crate::error::of_words)
}

/// A profile as one person sees it.
pub struct View {
    pub profile: Profile,
    /// Whether it is the viewer's own.
    pub own: bool,
    /// Whether the viewer blocked its owner. Nobody is told who blocked them.
    pub blocked: bool,
}

/// A profile: paused ones are for their owner alone.
pub async fn view(services: &Services, who: Option<&Principal>, id: UserId) -> Result<View> {
    let mut db = services.database.begin_for(who.map(|who| who.user_id)).await?;
    let profile = storage::profiles::by_user(&mut *db, id).await?;
    let profile = profile.ok_or(ServiceError::NotFound("freelancer"))?;
    let own = who.is_some_and(|who| who.user_id == id);
    if profile.content.visibility == Visibility::Paused && !own {
        return Err(ServiceError::NotFound("freelancer"));
    }
    let blocked = match who {
        Some(who) if !own => storage::users::has_blocked(&mut *db, who.user_id, id).await?,
        _ => false,
    };
    Ok(View { profile, own, blocked })
}

/// One's own profile, if there is one yet.
pub async fn own(services: &Services, who: &Principal) -> Result<Option<Profile>> {
    let freelancer = who.may(Permission::KeepProfile)?;
    let mut db = services.database.begin_as(freelancer.user_id()).await?;
    Ok(storage::profiles::by_user(&mut *db, freelancer.user_id()).await?)
}

/// Saves one's profile, new or changed, if nobody has changed it since the form was opened. The form of
/// a first profile expects no version.
pub async fn save(
    services: &Services,
    who: &Principal,
    expected_version: Option<i32>,
    form: &ProfileForm,
) -> Result<()> {
    let freelancer = who.may(Permission::KeepProfile)?;
    let content = form.validate()?;
    let id = freelancer.user_id();
    let mut tx = act_as(services, who).await?;
    let now = services.now();
    let saved = storage::profiles::save(&mut tx, id, who.region, &content, expected_version, now).await?;
    if saved.is_none() {
        let stored = storage::profiles::by_user(&mut *tx, id).await?;
        // The form of a first profile, sent twice, saves one.
        if expected_version.is_none() && stored.is_some_and(|profile| profile.content == content) {
            return Ok(());
        }
        return Err(ServiceError::Conflict(
            "Your profile was changed in another window. Open it again to see its present state.",
        ));
    }
    events::append(&mut tx, Event::ProfileSaved { user_id: id }).await?;
    tx.commit().await?;
    Ok(())
}
