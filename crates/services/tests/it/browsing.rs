//! Lists: filters that hold, and pages that neither skip nor repeat.

use std::collections::HashSet;

use domain::browse::{BrowseForm, FreelancerOrder, JobOrder, PAGE_SIZE};
use services::{ServiceError, demo, jobs, profiles};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World};

/// A world with more than three pages of each list.
async fn populated(pool: PgPool) -> World {
    let world = World::new(pool).await;
    demo::seed(&world.services, 70, 90, 7, PASSWORD, |_, _| {}).await.unwrap();
    world
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn pages_of_jobs_neither_skip_nor_repeat_in_any_order(pool: PgPool) {
    let world = populated(pool).await;
    let open = services::home::stats(&world.services).await.unwrap().open_jobs as usize;
    assert!(open > 3 * PAGE_SIZE, "{open}");
    for order in [JobOrder::Newest, JobOrder::Budget] {
        let mut filter = BrowseForm { sort: order.to_string(), ..BrowseForm::default() }.jobs().unwrap();
        let mut seen = Vec::new();
        loop {
            let page = jobs::browse(&world.services, &filter).await.unwrap();
            seen.extend(page.rows);
            let Some(next) = page.next else { break };
            // As in an address: the cursor goes through its text.
            filter.after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(seen.len(), open, "{order}");
        assert_eq!(seen.iter().map(|job| job.id).collect::<HashSet<_>>().len(), open, "{order}");
        match order {
            JobOrder::Budget => {
                assert!(seen.is_sorted_by(|a, b| a.budget.highest().in_usd() >= b.budget.highest().in_usd()));
            }
            _ => assert!(seen.is_sorted_by(|a, b| a.published_at >= b.published_at)),
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn pages_of_freelancers_neither_skip_nor_repeat_in_any_order(pool: PgPool) {
    let world = populated(pool).await;
    let visible = services::home::stats(&world.services).await.unwrap().visible_freelancers as usize;
    assert!(visible > 2 * PAGE_SIZE, "{visible}");
    for order in [FreelancerOrder::Recent, FreelancerOrder::RateLow, FreelancerOrder::RateHigh] {
        let mut filter =
            BrowseForm { sort: order.to_string(), ..BrowseForm::default() }.freelancers().unwrap();
        let mut seen = Vec::new();
        loop {
            let page = profiles::browse(&world.services, &filter).await.unwrap();
            seen.extend(page.rows);
            let Some(next) = page.next else { break };
            filter.after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(seen.len(), visible, "{order}");
        assert_eq!(seen.iter().map(|row| row.user_id).collect::<HashSet<_>>().len(), visible, "{order}");
        let rates: Vec<_> = seen.iter().map(|row| row.rate.in_usd()).collect();
        match order {
            FreelancerOrder::RateLow => assert!(rates.is_sorted()),
            FreelancerOrder::RateHigh => assert!(rates.iter().rev().is_sorted()),
            _ => assert!(seen.is_sorted_by(|a, b| a.updated_at >= b.updated_at)),
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_filter_of_jobs_lets_through_what_it_says(pool: PgPool) {
    let world = populated(pool).await;
    let list = async |form: BrowseForm| {
        let page = jobs::browse(&world.services, &form.jobs().unwrap()).await.unwrap();
        assert!(!page.rows.is_empty(), "{form:?} finds nothing");
        page.rows
    };
    let form = BrowseForm::default();
    for job in list(BrowseForm { skill: "postgres".into(), ..form.clone() }).await {
        let whole = jobs::view(&world.services, None, job.id).await.unwrap().job.content;
        assert!(whole.required.iter().chain(&whole.nice_to_have).any(|skill| skill.key == "postgresql"));
    }
    for job in list(BrowseForm { kind: "hourly".into(), min: "40".into(), ..form.clone() }).await {
        assert_eq!(job.budget.kind.as_str(), "hourly");
        assert!(job.budget.highest().in_usd() >= 40.into());
    }
    for job in list(BrowseForm { region: "EU".into(), place: "remote".into(), ..form.clone() }).await {
        assert!(job.regions.is_empty() || job.regions.contains(&domain::place::Region::Eu));
        assert_eq!(job.work_place.as_str(), "remote");
    }
    for job in list(BrowseForm { experience: "expert".into(), language: "en".into(), ..form.clone() }).await {
        assert!(job.experience.is_none_or(|level| level.as_str() == "expert"));
    }
    let word = list(form.clone()).await[0].title.split_whitespace().next_back().unwrap().to_owned();
    let found = list(BrowseForm { q: word.clone(), ..form }).await;
    assert!(found.iter().any(|job| job.title.contains(&word)), "{word}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn hostile_words_are_only_words(pool: PgPool) {
    let world = populated(pool).await;
    for q in ["- ".repeat(100), "-".repeat(60)] {
        let form = BrowseForm { q, ..BrowseForm::default() };
        let refused = jobs::browse(&world.services, &form.jobs().unwrap()).await;
        assert!(matches!(refused, Err(ServiceError::Invalid(errors)) if errors.get("q").is_some()));
        let refused = profiles::browse(&world.services, &form.freelancers().unwrap()).await;
        assert!(matches!(refused, Err(ServiceError::Invalid(errors)) if errors.get("q").is_some()));
    }
    for q in ["'; drop table core.jobs; --", "\" or \"", "<script>", "a & | ! ( : *", "-", "\\"] {
        let form = BrowseForm { q: q.into(), ..BrowseForm::default() };
        jobs::browse(&world.services, &form.jobs().unwrap()).await.unwrap();
        profiles::browse(&world.services, &form.freelancers().unwrap()).await.unwrap();
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_interrupted_demonstration_is_completed_not_doubled(pool: PgPool) {
    let world = World::new(pool).await;
    for _ in 0..2 {
        // As after a crash: the plan is there, its end is not.
        demo::seed(&world.services, 30, 20, 7, PASSWORD, |_, _| {}).await.unwrap();
        sqlx::query("update core.demo_plan set completed_at = null").execute(world.pool()).await.unwrap();
        world.advance(chrono::TimeDelta::hours(1));
    }
    let jobs: i64 =
        sqlx::query_scalar("select count(*) from core.jobs").fetch_one(world.pool()).await.unwrap();
    assert_eq!(jobs, 20);
}
