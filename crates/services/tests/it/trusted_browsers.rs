//! Browsers that are trusted to do without the second factor, for a while.

use chrono::TimeDelta;
use domain::account::{ChangePasswordForm, SecondFactor};
use secrecy::ExposeSecret as _;
use services::{
    ServiceError,
    accounts::{
        self, Admission, Device,
        second_factor::{self as factors, Answer},
    },
    audit,
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, app_code};

use crate::second_factor::{Guarded, halfway, password, who, with_app};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_trusted_browser_is_its_owners_alone_and_no_proof(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    let mallory = with_app(&world, world.person("Mallory", "client").await).await;
    let token = halfway(&world, 0, &Device::default()).await;
    let code = app_code(&ada.key, s.now());
    let (answer, here) =
        (Answer::App(&code), Device { user_agent: "Her browser".into(), ..Device::default() });
    let finished = factors::finish_sign_in(s, token.expose_secret(), &answer, true, &here);
    let trust = finished.await.unwrap().trust.unwrap().token;
    let browser = Device { trust: Some(trust), ..Device::default() };
    let signed_in = password(&world, 0, &browser).await.signed_in().unwrap();
    let trusted = who(&world, &signed_in).await;
    assert_eq!(trusted.second_factor, Some(SecondFactor::TrustedDevice));
    assert!(matches!(factors::remove_app(s, &trusted, &browser).await, Err(ServiceError::ProofNeeded)));
    let entries = audit::own(s, &ada.who, None).await.unwrap();
    let added: Vec<_> = entries.iter().filter(|entry| entry.action == "trusted_device.added").collect();
    assert_eq!(added.len(), 1, "when trust was asked for, and not each time it is used");
    assert_eq!((added[0].actor_id, added[0].user_agent.as_str()), (Some(ada.who.user_id), "Her browser"));
    halfway(&world, 1, &browser).await;

    let devices = factors::trusted_devices(s, &trusted).await.unwrap();
    assert_eq!(devices.len(), 1);
    assert!(factors::trusted_devices(s, &mallory.who).await.unwrap().is_empty());
    let foreign = factors::forget_trusted_device(s, &mallory.who, devices[0].id, &browser).await;
    assert!(matches!(foreign, Err(ServiceError::NotFound(_))));
    factors::forget_trusted_device(s, &trusted, devices[0].id, &browser).await.unwrap();
    halfway(&world, 0, &browser).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn trust_ends_with_its_time_and_with_whatever_it_rested_on(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = with_app(&world, world.person("Ada", "client").await).await;
    let trusting = async |world: &World, ada: &Guarded| {
        world.advance(TimeDelta::seconds(60));
        let token = halfway(world, 0, &Device::default()).await;
        let code = app_code(&ada.key, world.services.now());
        let (answer, here) = (Answer::App(&code), Device::default());
        let done = factors::finish_sign_in(s, token.expose_secret(), &answer, true, &here).await.unwrap();
        let browser = Device { trust: Some(done.trust.unwrap().token), ..Device::default() };
        (browser, who(world, &done.signed_in).await)
    };
    let (browser, _) = trusting(&world, &ada).await;
    assert!(matches!(password(&world, 0, &browser).await, Admission::SignedIn(_)));
    world.advance(TimeDelta::days(31));
    halfway(&world, 0, &browser).await;

    let (browser, now) = trusting(&world, &ada).await;
    let form = ChangePasswordForm { current: PASSWORD.into(), password: PASSWORD.into() };
    accounts::change_password(s, &now, &form, &Device::default()).await.unwrap();
    halfway(&world, 0, &browser).await;

    let (browser, now) = trusting(&world, &ada).await;
    factors::renew_recovery_codes(s, &now, &Device::default()).await.unwrap();
    halfway(&world, 0, &browser).await;
}
