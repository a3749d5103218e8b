//! From a posted job to the feeds, and back out of them.

use chrono::TimeDelta;
use domain::{
    JobId,
    feed::FeedMessage,
    job::{JobForm, JobStatus},
    profile::ProfileForm,
    receipt::Score,
};
use identity::Principal;
use matching::Policy;
use services::{
    ServiceError, blocks, jobs,
    jobs::{Ended, Intent},
    matches, profiles,
};
use sqlx::PgPool;
use storage::rankings;
use test_support::{MIGRATOR, World, database_engineer, database_job, translator};

/// The messages of a person's feed as type and number.
async fn messages(world: &World, who: &Principal) -> Vec<(i64, String)> {
    let rows = storage::feeds::after(world.pool(), who.user_id, 0, 1000).await.unwrap();
    rows.into_iter().map(|(seq, message)| (seq, message["type"].as_str().unwrap().to_owned())).collect()
}

async fn shown(world: &World, who: &Principal) -> Vec<JobId> {
    let feed = matches::feed(&world.services, who).await.unwrap();
    feed.cards.into_iter().map(|card| card.job_id).collect()
}

fn numbered(types: &[&str]) -> Vec<(i64, String)> {
    types.iter().enumerate().map(|(i, kind)| (i as i64 + 1, (*kind).to_owned())).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_posted_job_reaches_whom_it_suits_with_the_reasons_and_nobody_else(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada Byron", &database_engineer()).await;
    let other = world.freelancer("Luís Vaz", &translator()).await;
    let client = world.client("Harbour Hotels").await;
    world.settle().await;
    let job = world.post(&client, &database_job()).await;
    world.settle().await;

    let feed = matches::feed(&world.services, &engineer).await.unwrap();
    assert_eq!(feed.cards.len(), 1);
    let card = &feed.cards[0];
    assert_eq!((card.job_id, card.client_name.as_str()), (job, "Harbour Hotels"));
    assert!(card.score >= Score::from_ppm(700_000), "{:?}", card.score);
    assert!(card.summary.contains("3 of 3 required skills"), "{}", card.summary);
    assert_eq!(shown(&world, &other).await, []);

    let candidates = matches::candidates(&world.services, &client, job).await.unwrap();
    assert_eq!(candidates.cards.iter().map(|card| card.name.as_str()).collect::<Vec<_>>(), ["Ada Byron"]);
    assert_eq!(messages(&world, &engineer).await, numbered(&["match_added"]));
    assert_eq!(messages(&world, &client).await, numbered(&["candidates_changed"]));
    assert_eq!(messages(&world, &other).await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_stored_receipt_replays_to_the_same_number(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    world.settle().await;
    for who in [&engineer, &client] {
        let (_, explained) = matches::receipt(&world.services, who, job, engineer.user_id).await.unwrap();
        let receipt = explained.receipt;
        assert_eq!(matching::replay(&receipt, &Policy::default()), receipt.score);
        assert_eq!(receipt.components.iter().map(|part| part.contribution).sum::<u32>(), receipt.score.ppm());
        assert_eq!(receipt.policy, Policy::default().version);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_message_is_what_the_browser_reads(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    world.settle().await;
    jobs::close(&world.services, &client, job).await.unwrap();
    world.settle().await;
    for who in [&engineer, &client] {
        for (seq, mut message) in storage::feeds::after(world.pool(), who.user_id, 0, 100).await.unwrap() {
            message["seq"] = seq.into();
            serde_json::from_value::<FeedMessage>(message).unwrap();
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_edited_job_is_judged_anew_and_a_closed_one_leaves_the_feeds(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    world.settle().await;

    let mut form = database_job();
    form.title = "Move our booking platform to PostgreSQL".into();
    jobs::edit(&world.services, &client, job, 1, &form, Intent::Keep).await.unwrap();
    world.settle().await;
    form.budget_min = "20".into();
    form.budget_max = "30".into();
    jobs::edit(&world.services, &client, job, 2, &form, Intent::Keep).await.unwrap();
    world.settle().await;
    assert_eq!(shown(&world, &engineer).await, [], "the rate is now far above the budget");
    form.budget_max = "90".into();
    jobs::edit(&world.services, &client, job, 3, &form, Intent::Keep).await.unwrap();
    world.settle().await;
    assert_eq!(shown(&world, &engineer).await, [job]);
    jobs::close(&world.services, &client, job).await.unwrap();
    world.settle().await;
    assert_eq!(shown(&world, &engineer).await, []);
    assert_eq!(
        messages(&world, &engineer).await,
        numbered(&["match_added", "match_updated", "match_removed", "match_added", "match_removed"])
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_new_or_edited_profile_gets_its_feed(pool: PgPool) {
    let world = World::new(pool).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    world.settle().await;
    let late = world.freelancer("Ada", &database_engineer()).await;
    world.settle().await;
    assert_eq!(shown(&world, &late).await, [job]);
    assert_eq!(messages(&world, &client).await, numbered(&["candidates_changed"]));

    let save = async |version: i32, form: &ProfileForm| {
        profiles::save(&world.services, &late, Some(version), form).await.unwrap();
        world.settle().await;
    };
    save(1, &ProfileForm { visibility: "paused".into(), ..database_engineer() }).await;
    assert_eq!(shown(&world, &late).await, []);
    save(2, &database_engineer()).await;
    assert_eq!(shown(&world, &late).await, [job]);
    save(3, &translator()).await;
    assert_eq!(shown(&world, &late).await, []);
    assert_eq!(
        messages(&world, &late).await,
        numbered(&["match_added", "match_removed", "match_added", "match_removed"])
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_job_keeps_only_its_best_and_refills_when_a_place_is_free(pool: PgPool) {
    let policy = Policy { top_n: 2, ..Policy::default() };
    let world = World::with_policy(pool, policy).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    let at_level = |level: &str| {
        let mut form = database_engineer();
        form.skills.iter_mut().for_each(|row| row.level = level.into());
        form
    };
    let strong = world.freelancer("Strong", &at_level("strong")).await;
    let working = world.freelancer("Working", &at_level("working")).await;
    world.settle().await;
    let expert = world.freelancer("Expert", &at_level("expert")).await;
    world.settle().await;

    let names = async || {
        let candidates = matches::candidates(&world.services, &client, job).await.unwrap();
        candidates.cards.into_iter().map(|card| card.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Expert", "Strong"]);
    assert_eq!(messages(&world, &working).await, numbered(&["match_added", "match_removed"]));
    let paused = ProfileForm { visibility: "paused".into(), ..at_level("expert") };
    profiles::save(&world.services, &expert, Some(1), &paused).await.unwrap();
    world.settle().await;
    assert_eq!(names().await, ["Strong", "Working"]);
    assert_eq!(shown(&world, &strong).await, [job]);
    assert_eq!(shown(&world, &working).await, [job]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_who_blocked_one_another_are_not_matched(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    world.settle().await;
    blocks::block(&world.services, &engineer, client.user_id).await.unwrap();
    world.settle().await;
    assert_eq!(shown(&world, &engineer).await, []);
    blocks::unblock(&world.services, &engineer, client.user_id).await.unwrap();
    world.settle().await;
    assert_eq!(shown(&world, &engineer).await, [job]);
    let oneself = blocks::block(&world.services, &engineer, engineer.user_id).await;
    assert!(matches!(oneself, Err(ServiceError::Conflict(_))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_ranking_asked_for_while_one_is_made_is_made_as_well(pool: PgPool) {
    let world = World::new(pool).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    world.settle().await;
    let mut db = world.pool().acquire().await.unwrap();
    rankings::request(&mut db, &[job]).await.unwrap();
    let under_way = rankings::due(world.pool(), 1).await.unwrap()[0];
    rankings::request(&mut db, &[job]).await.unwrap();
    rankings::done(&mut db, under_way).await.unwrap();
    let left = rankings::due(world.pool(), 1).await.unwrap();
    assert_eq!(left.len(), 1, "the second request was for something the first ranking did not know");
    rankings::done(&mut db, left[0]).await.unwrap();
    assert_eq!(rankings::due(world.pool(), 1).await.unwrap(), []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_is_matched_with_their_own_job(pool: PgPool) {
    let world = World::new(pool).await;
    let both = world.person("Ada", "both").await;
    profiles::save(&world.services, &both, None, &database_engineer()).await.unwrap();
    world.post(&both, &database_job()).await;
    world.settle().await;
    assert_eq!(shown(&world, &both).await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_same_form_sent_twice_posts_one_job(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let id = JobId::new();
    for _ in 0..2 {
        jobs::create(&world.services, &client, id, &database_job(), Intent::Publish).await.unwrap();
    }
    world.settle().await;
    assert_eq!(messages(&world, &engineer).await, numbered(&["match_added"]));
    let thief = world.client("Thief").await;
    let taken = jobs::create(&world.services, &thief, id, &database_job(), Intent::Publish).await;
    assert!(matches!(taken, Err(ServiceError::NotFound("job"))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_form_sent_again_with_other_words_changes_the_job_it_added(pool: PgPool) {
    let world = World::new(pool).await;
    let (s, client) = (&world.services, world.client("Harbour").await);
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let id = JobId::new();
    let titled = |title: &str| JobForm { title: title.into(), ..database_job() };
    let create = async |form: &JobForm, intent| jobs::create(s, &client, id, form, intent).await;
    let stored = async || jobs::own_job(s, &client, id).await.unwrap();

    create(&titled("The first words"), Intent::Keep).await.unwrap();
    create(&titled("The second words"), Intent::Keep).await.unwrap();
    let job = stored().await;
    assert_eq!((job.content.title.as_str(), job.status), ("The second words", JobStatus::Draft));

    create(&titled("The second words"), Intent::Publish).await.unwrap();
    assert_eq!(stored().await.status, JobStatus::Open, "the same words, but to be published");
    create(&titled("The third words"), Intent::Publish).await.unwrap();
    let job = stored().await;
    assert_eq!((job.content.title.as_str(), job.status), ("The third words", JobStatus::Open));
    create(&titled("The third words"), Intent::Publish).await.unwrap();
    assert_eq!(stored().await.version, job.version, "sent twice");
    world.settle().await;
    assert_eq!(messages(&world, &engineer).await.first(), Some(&(1, "match_added".to_owned())));

    let kept = create(&titled("The fourth words"), Intent::Keep).await;
    assert!(matches!(kept, Err(ServiceError::Conflict(text)) if text.contains("published")));
    jobs::close(s, &client, id).await.unwrap();
    let late = create(&titled("The fourth words"), Intent::Publish).await;
    assert!(matches!(late, Err(ServiceError::Conflict(text)) if text.contains("closed")));
    assert_eq!(stored().await.content.title, "The third words");
    let thief = world.client("Thief").await;
    let taken = jobs::create(s, &thief, id, &titled("The fourth words"), Intent::Publish).await;
    assert!(matches!(taken, Err(ServiceError::NotFound("job"))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_button_pressed_twice_publishes_a_draft_once(pool: PgPool) {
    let world = World::new(pool).await;
    let (s, client) = (&world.services, world.client("Harbour").await);
    let id = JobId::new();
    jobs::create(s, &client, id, &database_job(), Intent::Keep).await.unwrap();
    let form = JobForm { title: "Other words for the job".into(), ..database_job() };
    let publish = || jobs::create(s, &client, id, &form, Intent::Publish);
    let (one, other) = tokio::join!(publish(), publish());
    one.unwrap();
    other.unwrap();
    assert_eq!(jobs::own_job(s, &client, id).await.unwrap().status, JobStatus::Open);
    assert_eq!(storage::outbox::health(world.pool()).await.unwrap().pending, 1, "announced once");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_discarded_draft_is_gone_and_was_never_posted(pool: PgPool) {
    let world = World::new(pool).await;
    let (s, client) = (&world.services, world.client("Harbour").await);
    let draft = async || {
        let id = JobId::new();
        jobs::create(s, &client, id, &database_job(), Intent::Keep).await.unwrap();
        id
    };
    let (closed, discarded) = (draft().await, draft().await);
    assert_eq!(jobs::close(s, &client, closed).await.unwrap(), Ended::Discarded);
    jobs::discard(s, &client, discarded, 1).await.unwrap();
    for id in [closed, discarded] {
        for viewer in [None, Some(&client)] {
            assert!(matches!(jobs::view(s, viewer, id).await, Err(ServiceError::NotFound("job"))));
        }
    }
    assert_eq!(jobs::own(s, &client).await.unwrap(), []);
    assert_eq!(storage::outbox::health(world.pool()).await.unwrap().pending, 0, "it was never announced");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_draft_that_was_changed_or_published_meanwhile_is_not_discarded(pool: PgPool) {
    let world = World::new(pool).await;
    let (s, client, thief) = (&world.services, world.client("Harbour").await, world.client("Thief").await);
    let id = JobId::new();
    jobs::create(s, &client, id, &database_job(), Intent::Keep).await.unwrap();
    let taken = jobs::discard(s, &thief, id, 1).await;
    assert!(matches!(taken, Err(ServiceError::NotFound("job"))));
    jobs::edit(s, &client, id, 1, &database_job(), Intent::Keep).await.unwrap();
    assert!(matches!(jobs::discard(s, &client, id, 1).await, Err(ServiceError::Conflict(_))));
    jobs::publish(s, &client, id).await.unwrap();
    for version in [2, 3] {
        assert!(matches!(jobs::discard(s, &client, id, version).await, Err(ServiceError::Conflict(_))));
    }
    assert_eq!(jobs::view(s, None, id).await.unwrap().job.status, JobStatus::Open);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_first_profile_from_a_second_window_overwrites_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let (s, ada) = (&world.services, world.person("Ada", "freelancer").await);
    profiles::save(s, &ada, None, &database_engineer()).await.unwrap();
    profiles::save(s, &ada, None, &database_engineer()).await.unwrap();
    let second = profiles::save(s, &ada, None, &translator()).await;
    assert!(matches!(second, Err(ServiceError::Conflict(_))));
    let stored = profiles::own(s, &ada).await.unwrap().unwrap();
    assert_eq!(stored.content, database_engineer().validate().unwrap());
    assert_eq!(stored.version, 1, "the same form sent twice is saved once");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn time_alone_changes_no_match(pool: PgPool) {
    let world = World::new(pool).await;
    let engineer = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    world.post(&client, &database_job()).await;
    world.settle().await;
    world.advance(TimeDelta::days(3));
    profiles::save(&world.services, &engineer, Some(1), &database_engineer()).await.unwrap();
    world.settle().await;
    assert_eq!(messages(&world, &engineer).await, numbered(&["match_added"]));
}
