//! The indexes give what judging everybody would give, after any changes.

use std::collections::BTreeMap;

use domain::{JobId, UserId, job::Job, profile::Profile, receipt::Receipt};
use matching::{CandidateSpec, Context, FreelancerIndex, JobIndex, JobSpec, assess};
use proptest::prelude::*;

use crate::common::{DIMENSION, Setting, job, made_for_each_other, profile, user, vector};

type Vector = Option<Vec<f32>>;

#[derive(Clone, Debug)]
enum Change {
    PutProfile(Box<Profile>, Vector),
    DropProfile(u8),
    PutJob(Box<Job>, Vector),
    DropJob(u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (profile(), vector()).prop_map(|(profile, vector)| Change::PutProfile(Box::new(profile), vector)),
        2 => (0..60_u8).prop_map(Change::DropProfile),
        6 => (job(), vector()).prop_map(|(job, vector)| Change::PutJob(Box::new(job), vector)),
        2 => (0..60_u8).prop_map(Change::DropJob),
    ]
}

/// The indexes beside plain maps of the same.
struct Both {
    freelancers: FreelancerIndex,
    jobs: JobIndex,
    all_freelancers: BTreeMap<UserId, CandidateSpec>,
    all_jobs: BTreeMap<JobId, JobSpec>,
}

impl Both {
    fn after(changes: Vec<Change>) -> Self {
        let mut both = Self {
            freelancers: FreelancerIndex::new(DIMENSION),
            jobs: JobIndex::new(DIMENSION),
            all_freelancers: BTreeMap::new(),
            all_jobs: BTreeMap::new(),
        };
        for change in changes {
            match change {
                Change::PutProfile(profile, vector) => {
                    let spec = CandidateSpec::new(&profile, vector.as_deref());
                    both.freelancers.upsert(spec.clone());
                    both.all_freelancers.insert(spec.user_id(), spec);
                }
                Change::DropProfile(number) => {
                    let known = both.all_freelancers.remove(&user(number)).is_some();
                    assert_eq!(both.freelancers.remove(user(number)), known);
                }
                Change::PutJob(job, vector) => {
                    let spec = JobSpec::new(&job, vector.as_deref());
                    both.jobs.upsert(spec.clone());
                    both.all_jobs.insert(spec.id(), spec);
                }
                Change::DropJob(number) => {
                    let id = JobId::from_uuid(uuid::Uuid::from_u128(u128::from(number) + 1000));
                    assert_eq!(both.jobs.remove(id), both.all_jobs.remove(&id).is_some());
                }
            }
        }
        both
    }
}

/// Judges everybody, and sorts.
fn by_hand<'a, K: Copy + Ord>(
    pairs: impl Iterator<Item = (K, &'a JobSpec, &'a CandidateSpec)>,
    context: &Context<'_>,
    n: usize,
) -> Vec<(K, Receipt)> {
    let mut found: Vec<_> = pairs
        .filter_map(|(key, job, candidate)| Some((key, assess(job, candidate, context).ok()?)))
        .collect();
    found.retain(|(_, receipt)| receipt.score >= context.policy.threshold);
    found.sort_by(|(a, one), (b, other)| other.score.cmp(&one.score).then(a.cmp(b)));
    found.truncate(n);
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_best_are_those_that_judging_all_finds(
        changes in prop::collection::vec(change(), 0..200),
        blocked in prop::collection::vec((0..60_u8, 0..60_u8), 0..40),
        n in prop_oneof![0..8_usize, Just(1000)],
    ) {
        let both = Both::after(changes);
        let mut setting = Setting::lenient();
        setting.blocks = blocked.into_iter().map(|(one, other)| (user(one), user(other))).collect();
        let context = setting.context();
        prop_assert_eq!(both.freelancers.len(), both.all_freelancers.len());
        prop_assert_eq!(both.jobs.len(), both.all_jobs.len());
        for job in both.all_jobs.values() {
            let all = both.all_freelancers.iter().map(|(id, candidate)| (*id, job, candidate));
            prop_assert_eq!(both.freelancers.best_for(job, &context, n), by_hand(all, &context, n));
        }
        for candidate in both.all_freelancers.values() {
            let all = both.all_jobs.iter().map(|(id, job)| (*id, job, candidate));
            prop_assert_eq!(both.jobs.best_for(candidate, &context, n), by_hand(all, &context, n));
        }
    }

    #[test]
    fn equal_scores_are_in_the_order_of_their_ids(order in Just((0..30_u8).collect::<Vec<_>>()).prop_shuffle()) {
        let (job, profile) = made_for_each_other();
        let mut index = FreelancerIndex::new(2);
        for number in order {
            let twin = Profile { user_id: user(number), ..profile.clone() };
            index.upsert(CandidateSpec::new(&twin, Some(&[1.0, 1.0])));
        }
        let setting = Setting::new();
        let job = JobSpec::new(&job, Some(&[1.0, 1.0]));
        let found: Vec<_> = index.best_for(&job, &setting.context(), 7).into_iter().map(|(id, _)| id).collect();
        prop_assert_eq!(found, (0..7).map(user).collect::<Vec<_>>());
    }
}

#[test]
fn a_profile_is_found_as_it_is_now_and_not_as_it_was() {
    let (job, profile) = made_for_each_other();
    let setting = Setting::new();
    let spec = JobSpec::new(&job, Some(&[1.0, 1.0]));
    let mut index = FreelancerIndex::new(2);
    index.upsert(CandidateSpec::new(&profile, Some(&[1.0, 1.0])));
    assert_eq!(index.best_for(&spec, &setting.context(), 5).len(), 1);
    let mut paused = profile.clone();
    paused.content.visibility = domain::profile::Visibility::Paused;
    index.upsert(CandidateSpec::new(&paused, Some(&[1.0, 1.0])));
    assert_eq!(index.best_for(&spec, &setting.context(), 5), []);
    assert!(index.get(profile.user_id).is_some());
    assert!(index.remove(profile.user_id) && index.is_empty());
    assert!(index.get(profile.user_id).is_none());
}

#[test]
fn profiles_without_a_vector_of_the_dimension_wait() {
    let (job, profile) = made_for_each_other();
    let setting = Setting::new();
    let spec = JobSpec::new(&job, Some(&[1.0, 1.0]));
    for vector in [None, Some(&[1.0, 1.0, 0.0][..])] {
        let mut index = FreelancerIndex::new(2);
        index.upsert(CandidateSpec::new(&profile, vector));
        assert_eq!(index.best_for(&spec, &setting.context(), 5), []);
        index.upsert(CandidateSpec::new(&profile, Some(&[1.0, 1.0])));
        assert_eq!(index.best_for(&spec, &setting.context(), 5).len(), 1);
    }
}

#[test]
fn the_indexes_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<FreelancerIndex>();
    shared::<JobIndex>();
}
