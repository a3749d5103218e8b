use std::collections::{HashMap, HashSet};

use domain::{
    job::{BudgetKind, JobForm},
    place::WorkPlace,
    profile::ProfileForm,
    role::Role,
};

use super::*;
use crate::profile_text::words;

fn plan(freelancers: usize, jobs: usize) -> Plan {
    let now = "2026-11-20T12:00:00Z".parse().expect("a date of RFC 3339");
    Plan::new(freelancers, jobs, 8, now)
}

/// FNV-1a, because the standard library's hasher may change between versions.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn texts(person: &Person) -> String {
    person
        .profile
        .as_ref()
        .map_or_else(String::new, |profile| format!("{}\n{}", profile.title, profile.summary))
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let people = |plan| format!("{:?}", people(plan).take(50).collect::<Vec<_>>());
    let jobs = |plan| format!("{:?}", jobs(plan).take(50).collect::<Vec<_>>());
    assert_eq!(hash(&people(plan(50, 50))), PEOPLE_HASH, "the first fifty people changed");
    assert_eq!(hash(&jobs(plan(50, 50))), JOBS_HASH, "the first fifty jobs changed");
    let other = Plan { seed: 9, ..plan(50, 50) };
    assert_ne!(people(other), people(plan(50, 50)));
}

const PEOPLE_HASH: u64 = 10740774313740152267;
const JOBS_HASH: u64 = 1831574631694733005;

#[test]
fn a_freelancer_does_not_depend_on_how_many_there_are() {
    let few: Vec<_> = people(plan(20, 8)).take(20).collect();
    let many: Vec<_> = people(plan(400, 90)).take(20).collect();
    assert_eq!(few, many);
}

#[test]
fn profiles_survive_their_form() {
    for person in people(plan(4000, 400)) {
        let Some(profile) = &person.profile else { continue };
        assert_eq!(ProfileForm::from(profile).validate().as_ref(), Ok(profile), "{person:?}");
    }
}

#[test]
fn jobs_survive_their_form() {
    for job in jobs(plan(10, 3000)) {
        assert_eq!(JobForm::from(&job.content).validate().as_ref(), Ok(&job.content), "{job:?}");
        let times = [Some(job.created_at), job.published_at, job.closed_at];
        assert!(times.into_iter().flatten().is_sorted() && job.updated_at <= plan(10, 3000).now);
        assert_eq!(job.content.work_place == WorkPlace::OnSite, !job.content.location.is_empty());
    }
}

#[test]
fn identifiers_and_addresses_are_unique_and_jobs_have_their_client() {
    let all: Vec<_> = people(plan(3000, 800)).collect();
    let ids: HashSet<_> = all.iter().map(|person| person.id).collect();
    let emails: HashSet<_> = all.iter().map(|person| person.email.as_str()).collect();
    assert_eq!((ids.len(), emails.len()), (3200, 3200));
    assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
    for person in &all {
        assert!(domain::account::display_name(&person.display_name).is_ok(), "{}", person.display_name);
        assert!(person.created_at <= person.profile_updated_at);
    }
    let clients: HashSet<_> =
        all.iter().filter(|person| person.roles.contains(Role::Client)).map(|person| person.id).collect();
    assert!(jobs(plan(3000, 800)).all(|job| clients.contains(&job.client)));
}

#[test]
fn no_two_of_two_thousand_summaries_are_the_same() {
    let mut seen = HashSet::new();
    for person in people(plan(2000, 4)) {
        let Some(profile) = person.profile else { continue };
        assert!(seen.insert(profile.summary.clone()), "twice: {}", profile.summary);
    }
    assert_eq!(seen.len(), 2000);
}

#[test]
fn texts_have_the_length_of_real_ones() {
    for person in people(plan(3000, 4)) {
        let Some(profile) = person.profile else { continue };
        let count = words(&profile.summary);
        assert!((45..=120).contains(&count), "{count} words: {}", profile.summary);
    }
    let lengths: Vec<_> = jobs(plan(10, 2000)).map(|job| words(&job.content.description)).collect();
    assert!(
        lengths.iter().all(|count| (100..=230).contains(count)),
        "{:?}",
        (lengths.iter().min(), lengths.iter().max())
    );
    let usual = lengths.iter().filter(|count| (120..=200).contains(*count)).count();
    assert!(usual > 1800, "{usual} of 2000 have 120 to 200 words");
}

#[test]
fn texts_have_no_open_slots_and_the_right_articles() {
    let profiles = people(plan(3000, 4)).map(|person| texts(&person));
    let jobs = jobs(plan(10, 2000)).map(|job| format!("{}\n{}", job.content.title, job.content.description));
    for text in profiles.chain(jobs) {
        assert!(!text.contains(['{', '}']), "open slot: {text}");
        for fault in
            ["  ", " .", " ,", "..", "?.", " a a", " a e", " a i", " an b", " an s", " an t", " an d"]
        {
            // "a European" is right, as is "a one".
            let text = text.replace(" a eu", " ").replace(" a each", " ");
            assert!(!text.contains(fault), "{fault:?} in: {text}");
        }
        let sentences = text.split(". ").filter(|s| s.starts_with(char::is_lowercase));
        assert_eq!(sentences.count(), 0, "a sentence begins small: {text}");
    }
}

#[test]
fn people_and_jobs_are_spread_alike() {
    let people: Vec<_> = people(plan(4000, 4)).filter(|person| person.profile.is_some()).collect();
    let jobs: Vec<_> = jobs(plan(10, 2000)).collect();
    let share = |names: &mut dyn Iterator<Item = &'static str>| {
        let (mut counts, mut all) = (HashMap::<_, f64>::new(), 0.0);
        names.for_each(|name| {
            *counts.entry(name).or_insert(0.0) += 1.0;
            all += 1.0;
        });
        counts.values_mut().for_each(|count| *count /= all);
        counts
    };
    let offered = share(&mut people.iter().map(|person| person.speciality));
    let asked = share(&mut jobs.iter().map(|job| job.speciality));
    for name in specialities() {
        let (offered, asked) =
            (offered.get(name).copied().unwrap_or(0.0), asked.get(name).copied().unwrap_or(0.0));
        assert!(offered > 0.005, "{name}: {offered}");
        assert!((offered - asked).abs() < 0.02, "{name}: {offered} against {asked}");
    }
    let regions = share(&mut people.iter().map(|person| person.region.as_str()));
    for region in Region::ALL {
        assert!((0.1..0.4).contains(&regions[region.as_str()]), "{regions:?}");
    }
    let on_site = jobs.iter().filter(|job| job.content.work_place == WorkPlace::OnSite).count();
    assert!((200..400).contains(&on_site), "{on_site} of 2000 on site");
}

#[test]
fn most_freelancers_find_jobs_in_their_speciality_that_pay_their_rate() {
    let people: Vec<_> = people(plan(2000, 400)).collect();
    let jobs: Vec<_> = jobs(plan(2000, 400)).filter(|job| job.status == JobStatus::Open).collect();
    let fitting = |person: &Person| {
        let Some(profile) = &person.profile else { return 0 };
        jobs.iter()
            .filter(|job| {
                let budget = &job.content.budget;
                let same_money = budget.kind == BudgetKind::Fixed
                    || budget.currency != profile.rate.currency
                    || budget.max >= profile.rate.amount;
                job.speciality == person.speciality && same_money
            })
            .count()
    };
    let found = people.iter().filter(|person| fitting(person) >= 2).count();
    assert!(found > 1800, "{found} of 2000");
}

#[test]
fn the_demo_accounts_are_there_and_meet() {
    let all: Vec<_> = people(plan(20, 40)).collect();
    let of = |email: &str| all.iter().find(|person| person.email.as_str() == email).expect("a demo account");
    let (client, freelancer) = (of(CLIENT_EMAIL), of(FREELANCER_EMAIL));
    assert_eq!((client.region, freelancer.region), (Region::Eu, Region::Eu));
    assert!(freelancer.profile.is_some() && client.profile.is_none());
    let theirs: Vec<_> =
        jobs(plan(20, 40)).filter(|job| job.client == client.id && job.status == JobStatus::Open).collect();
    assert!(theirs.len() >= 6);
    let known: HashSet<_> = specialities().collect();
    assert!(demo_accounts::CLIENT_JOBS.iter().all(|name| known.contains(name)));
    assert_eq!(theirs[0].content.required[0].label, "Rust");
}
