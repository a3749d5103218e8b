//! Many use one token at once, or while its owner's account changes.

use domain::account::ChangePasswordForm;
use secrecy::ExposeSecret as _;
use services::{
    ServiceError, accounts,
    accounts::Device,
    tokens::{self, Issued, Refused},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World};
use tokio::task::{JoinHandle, JoinSet};

use crate::{
    people::hold,
    tokens::{exchange, is_good, personal, refresh, who},
};

/// What somebody does with a token at the same time as others.
#[derive(Clone, Copy, Debug)]
enum Use {
    Exchange,
    Refresh,
    Revoke,
}

fn begin(world: &World, used: Use, token: &str) -> JoinHandle<Result<(), Refused>> {
    let (services, token) = (world.services.clone(), token.to_owned());
    tokio::spawn(async move {
        let here = Device::default();
        match used {
            Use::Exchange => tokens::exchange(&services, &token, None, &here).await.map(|_| ()),
            Use::Refresh => tokens::refresh(&services, &token, None, &here).await.map(|_| ()),
            Use::Revoke => tokens::revoke(&services, &token, &here).await.map_err(Refused::from),
        }
    })
}

/// Has every family refresh, and gives what came of it.
fn refresh_all(world: &World, families: &[Issued]) -> Vec<JoinHandle<Result<(), Refused>>> {
    families.iter().map(|issued| begin(world, Use::Refresh, issued.refresh_token.expose_secret())).collect()
}

/// Asserts that each was given something, or was told that the token has ended: nothing broke.
async fn assert_answered(asked: Vec<JoinHandle<Result<(), Refused>>>) {
    for answer in asked {
        let answer = answer.await.unwrap();
        assert!(matches!(answer, Ok(()) | Err(Refused::Grant)), "{answer:?}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_waits_for_an_account_with_a_token_holds_nothing_that_a_new_password_ends(pool: PgPool) {
    let world = World::new(pool).await;
    for used in [Use::Exchange, Use::Refresh, Use::Revoke] {
        let ada = world.person("Ada", "freelancer").await;
        let personal = personal(&world, &ada, &["profile:read"]).await;
        let issued = exchange(&world, &personal).await;
        let token = match used {
            Use::Exchange => personal.as_str(),
            Use::Refresh | Use::Revoke => issued.refresh_token.expose_secret(),
        };
        let mut held = hold(&world, &ada).await;
        let attempt = begin(&world, used, token);
        world.somebody_waits().await;
        for table in ["personal_tokens", "token_families"] {
            let take = format!("select from auth.{table} where user_id = $1 for update nowait");
            let take = sqlx::query(sqlx::AssertSqlSafe(take)).bind(ada.user_id.uuid());
            take.execute(&mut *held).await.unwrap();
        }
        sqlx::query("update auth.users set password_changed_at = now() where id = $1")
            .bind(ada.user_id.uuid())
            .execute(&mut *held)
            .await
            .unwrap();
        held.commit().await.unwrap();
        let answer = attempt.await.unwrap();
        let told_nothing = match used {
            Use::Revoke => answer.is_ok(),
            Use::Exchange | Use::Refresh => matches!(answer, Err(Refused::Grant)),
        };
        assert!(told_nothing, "{used:?}: what was found before has ended meanwhile: {answer:?}");
        assert!(who(&world, &personal).await.is_none() && !is_good(&world, &issued).await);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_is_revoked_however_many_refresh_what_was_given_out_for_it(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    for round in 0..6 {
        let token = personal(&world, &ada, &["profile:read"]).await;
        let mut families = Vec::new();
        for _ in 0..12 {
            families.push(exchange(&world, &token).await);
        }
        let refreshing = refresh_all(&world, &families);
        if round % 2 == 0 {
            let id = tokens::list(&world.services, &ada).await.unwrap()[0].id;
            tokens::revoke_own(&world.services, &ada, id, &Device::default()).await.unwrap();
        } else {
            tokens::revoke(&world.services, &token, &Device::default()).await.unwrap();
        }
        assert_answered(refreshing).await;
        assert!(who(&world, &token).await.is_none());
        for issued in &families {
            assert!(matches!(refresh(&world, issued).await, Err(Refused::Grant)));
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_is_changed_however_many_refresh_and_exchange(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    let mut families = Vec::new();
    for _ in 0..12 {
        families.push(exchange(&world, &token).await);
    }
    // Until the token has ended.
    let mut exchanging = JoinSet::new();
    for _ in 0..6 {
        let (services, token) = (world.services.clone(), token.clone());
        exchanging.spawn(async move {
            loop {
                match tokens::exchange(&services, &token, None, &Device::default()).await {
                    Ok(_) => {}
                    refused => break refused.map(|_| ()),
                }
            }
        });
    }
    let refreshing = refresh_all(&world, &families);
    let form = ChangePasswordForm { current: PASSWORD.into(), password: "another one, long enough".into() };
    accounts::change_password(&world.services, &ada, &form, &Device::default()).await.unwrap();
    assert_answered(refreshing).await;
    for ended in exchanging.join_all().await {
        assert!(matches!(ended, Err(Refused::Grant)), "{ended:?}");
    }
    assert!(who(&world, &token).await.is_none());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn many_who_exchange_one_token_make_room_for_each_other(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    for _ in 0..3 {
        // As many as may stand on one token: each that is begun from here on ends another.
        let mut families = Vec::new();
        for _ in 0..20 {
            families.push(exchange(&world, &token).await);
        }
        let exchanging: Vec<_> = (0..8).map(|_| begin(&world, Use::Exchange, &token)).collect();
        assert_answered(refresh_all(&world, &families)).await;
        for exchanged in exchanging {
            exchanged.await.unwrap().unwrap();
        }
    }
    let families: i64 =
        sqlx::query_scalar("select count(*) from auth.token_families").fetch_one(world.pool()).await.unwrap();
    assert_eq!(families, 20);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_crowd_with_one_token_leaves_connections_to_others(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "freelancer").await;
    let token = personal(&world, &ada, &["profile:read"]).await;
    exchange(&world, &token).await;
    let held = hold(&world, &ada).await;
    let mut crowd = JoinSet::new();
    for _ in 0..70 {
        let (services, token) = (world.services.clone(), token.clone());
        crowd.spawn(async move {
            tokens::exchange(&services, &token, None, &Device::default()).await.map(|_| ())
        });
    }
    // Those beyond the sixty-four that may wait.
    for _ in 64..70 {
        let answer = crowd.join_next().await.unwrap().unwrap();
        let sent_away = matches!(answer, Err(Refused::Service(ServiceError::TooMany(_))));
        assert!(sent_away, "while somebody holds the account, nobody gets further: {answer:?}");
    }
    world.somebody_waits().await;
    let house = world.services.database().house();
    let mut others = Vec::new();
    for _ in 1..house.options().get_max_connections() {
        others.push(house.acquire().await.unwrap());
    }
    drop(others);
    held.rollback().await.unwrap();
    for answer in crowd.join_all().await {
        answer.unwrap();
    }
}
