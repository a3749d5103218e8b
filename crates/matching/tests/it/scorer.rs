//! What holds of every score and receipt.

use chrono::TimeDelta;
use domain::{
    job::{BudgetKind, JobStatus},
    language::{Language, LanguageLevel},
    money::{Currency, Money},
    place::{Region, UtcOffset, WorkPlace},
    profile::Visibility,
    receipt::{ComponentKind, Entered, Evidence, ONE_PPM, Receipt},
};
use matching::{CandidateSpec, Exclusion, JobSpec, assess, replay};
use proptest::prelude::*;

use crate::common::{Setting, job, made_for_each_other, now, profile, skill, user, vector};

proptest! {
    #[test]
    fn no_score_without_every_condition(
        job in job(), profile in profile(), job_vector in vector(), own_vector in vector(), blocked in any::<bool>(),
    ) {
        let mut setting = Setting::new();
        if blocked {
            setting.blocks.insert(profile.user_id, job.client_id);
        }
        let spec = JobSpec::new(&job, job_vector.as_deref());
        let candidate = CandidateSpec::new(&profile, own_vector.as_deref());
        let Ok(_) = assess(&spec, &candidate, &setting.context()) else { return Ok(()) };

        // The conditions again, in the words of the rules and on the nouns themselves.
        let (wanted, offered) = (&job.content, &profile.content);
        prop_assert_eq!(job.status, JobStatus::Open);
        prop_assert_eq!(offered.visibility, Visibility::Visible);
        prop_assert!(job.client_id != profile.user_id && !blocked);
        prop_assert!(job_vector.is_some() && own_vector.is_some());
        let anywhere = wanted.regions.is_empty();
        match wanted.work_place {
            WorkPlace::Remote => prop_assert!(anywhere || wanted.regions.contains(&profile.region)),
            WorkPlace::OnSite if anywhere => prop_assert!(offered.on_site && profile.region == job.region),
            WorkPlace::OnSite => prop_assert!(offered.on_site && wanted.regions.contains(&profile.region)),
        }
        for language in &wanted.languages {
            let well = |level| level >= LanguageLevel::Conversational;
            prop_assert!(offered.languages.iter().any(|spoken| spoken.language == *language && well(spoken.level)));
        }
        prop_assert!(offered.weekly_hours > 0);
        prop_assert!(offered.weekly_hours * 2 >= wanted.weekly_hours.unwrap_or(0));
        if wanted.budget.kind == BudgetKind::Hourly && !wanted.budget.max.is_zero() {
            let cents = |money: Money| {
                let hundredths = (money.amount * rust_decimal::Decimal::ONE_HUNDRED).try_into().unwrap();
                setting.policy.exchange_rates.us_cents(hundredths, money.currency)
            };
            prop_assert!(cents(offered.rate) * 100 <= cents(wanted.budget.highest()) * 115);
        }
    }

    #[test]
    fn receipts_add_up_and_replay_even_after_a_journey_through_json(
        job in job(), profile in profile(), job_vector in vector(), own_vector in vector(),
    ) {
        let setting = Setting::new();
        let spec = JobSpec::new(&job, job_vector.as_deref());
        let candidate = CandidateSpec::new(&profile, own_vector.as_deref());
        let Ok(receipt) = assess(&spec, &candidate, &setting.context()) else { return Ok(()) };
        let kinds: Vec<_> = receipt.components.iter().map(|part| part.kind).collect();
        prop_assert_eq!(kinds, ComponentKind::ALL);
        for part in &receipt.components {
            prop_assert!(part.fit <= ONE_PPM);
            let contribution = u64::from(part.weight) * u64::from(part.fit) / u64::from(ONE_PPM);
            prop_assert_eq!(u64::from(part.contribution), contribution);
        }
        let weights: u32 = receipt.components.iter().map(|part| part.weight).sum();
        let sum: u32 = receipt.components.iter().map(|part| part.contribution).sum();
        prop_assert_eq!(weights, ONE_PPM);
        prop_assert_eq!(sum, receipt.score.ppm());
        prop_assert_eq!(replay(&receipt, &setting.policy), receipt.score);

        let text = serde_json::to_string(&receipt).unwrap();
        let stored: Receipt = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(replay(&stored, &setting.policy), receipt.score);
        prop_assert_eq!(stored, receipt);
    }
}

fn towards(angle: f32) -> Vec<f32> {
    vec![angle.cos(), angle.sin()]
}

/// The score of a pair whose texts are the same, after a change to either.
fn judged(
    change: impl FnOnce(&mut domain::job::Job, &mut domain::profile::Profile),
) -> Result<Receipt, Exclusion> {
    let (mut job, mut profile) = made_for_each_other();
    change(&mut job, &mut profile);
    let setting = Setting::new();
    let job = JobSpec::new(&job, Some(&towards(0.0)));
    assess(&job, &CandidateSpec::new(&profile, Some(&towards(0.0))), &setting.context())
}

fn fit(receipt: &Receipt, kind: ComponentKind) -> u32 {
    receipt.component(kind).unwrap().fit
}

#[test]
fn a_pair_made_for_each_other_scores_one() {
    assert_eq!(judged(|_, _| ()).unwrap().score.ppm(), ONE_PPM);
}

#[test]
fn each_condition_excludes_by_its_name() {
    type Change = fn(&mut domain::job::Job, &mut domain::profile::Profile);
    let cases: [(Exclusion, Change); 11] = [
        (Exclusion::NotOpen, |job, _| job.status = JobStatus::Closed),
        (Exclusion::NotOpen, |job, _| job.status = JobStatus::Draft),
        (Exclusion::OwnJob, |job, profile| job.client_id = profile.user_id),
        (Exclusion::Paused, |_, profile| profile.content.visibility = Visibility::Paused),
        (Exclusion::Region, |_, profile| profile.region = Region::Sa),
        (Exclusion::OnSite, |_, profile| profile.content.on_site = false),
        (Exclusion::Language, |_, profile| profile.content.languages[0].level = LanguageLevel::Basic),
        (Exclusion::Language, |job, _| job.content.languages.push(Language::De)),
        (Exclusion::Rate, |_, profile| profile.content.rate = Money::new(116.into(), Currency::Usd)),
        (Exclusion::Availability, |_, profile| profile.content.weekly_hours = 9),
        (Exclusion::Availability, |job, profile| {
            job.content.weekly_hours = None;
            profile.content.weekly_hours = 0;
        }),
    ];
    for (expected, change) in cases {
        assert_eq!(judged(change).unwrap_err(), expected);
    }
}

#[test]
fn a_block_works_both_ways_and_can_be_lifted() {
    let (job, profile) = made_for_each_other();
    let (spec, vector) = (JobSpec::new(&job, Some(&towards(0.0))), towards(0.0));
    let candidate = CandidateSpec::new(&profile, Some(&vector));
    for (one, other) in [(job.client_id, profile.user_id), (profile.user_id, job.client_id)] {
        let mut setting = Setting::new();
        setting.blocks.insert(one, other);
        assert_eq!(assess(&spec, &candidate, &setting.context()), Err(Exclusion::Blocked));
        setting.blocks.remove(other, one);
        assert!(assess(&spec, &candidate, &setting.context()).is_ok());
    }
}

#[test]
fn vectors_of_two_dimensions_are_never_compared() {
    let (job, profile) = made_for_each_other();
    let setting = Setting::new();
    let job = JobSpec::new(&job, Some(&[1.0, 0.0, 0.0]));
    let candidate = CandidateSpec::new(&profile, Some(&[1.0, 0.0]));
    assert_eq!(assess(&job, &candidate, &setting.context()), Err(Exclusion::NoVector));
}

#[test]
fn the_rate_is_compared_at_the_policys_exchange_rates() {
    let charging = |amount: i64, currency| {
        judged(|_, profile| profile.content.rate = Money::new(amount.into(), currency))
    };
    // 86 euros are 99.76 dollars, 95 are 110.20, 100 are 116.
    assert_eq!(fit(&charging(86, Currency::Eur).unwrap(), ComponentKind::Rate), ONE_PPM);
    let over = fit(&charging(95, Currency::Eur).unwrap(), ComponentKind::Rate);
    assert_eq!(over, ONE_PPM - 680_000);
    assert_eq!(charging(100, Currency::Eur), Err(Exclusion::Rate));
    let fixed = judged(|job, profile| {
        job.content.budget.kind = BudgetKind::Fixed;
        profile.content.rate = Money::new(5000.into(), Currency::Usd);
    });
    assert_eq!(fit(&fixed.unwrap(), ComponentKind::Rate), ONE_PPM);
}

#[test]
fn a_receipt_notes_what_both_sides_entered_in_one_currency() {
    let entered = |job_in, rate_in| {
        let receipt = judged(|job, profile| {
            job.content.budget.currency = job_in;
            profile.content.rate.currency = rate_in;
        });
        let receipt = receipt.unwrap();
        match receipt.component(ComponentKind::Rate).unwrap().evidence {
            Evidence::Rate { entered, .. } => entered,
            _ => None,
        }
    };
    let (job, profile) = made_for_each_other();
    let hundredths =
        |amount: rust_decimal::Decimal| (amount * rust_decimal::Decimal::from(100)).try_into().ok();
    let euros = Entered {
        currency: Currency::Eur,
        budget: hundredths(job.content.budget.max),
        rate: hundredths(profile.content.rate.amount).unwrap(),
    };
    assert_eq!(entered(Currency::Eur, Currency::Eur), Some(euros));
    assert_eq!(entered(Currency::Eur, Currency::Usd), None);
    assert_eq!(entered(Currency::Usd, Currency::Usd), None);
}

#[test]
fn what_a_job_does_not_ask_for_counts_as_met() {
    let modest = judged(|job, profile| {
        job.content.weekly_hours = None;
        job.content.experience = None;
        job.content.utc_offset = None;
        profile.content.weekly_hours = 1;
        profile.content.utc_offset = UtcOffset::new(720).unwrap();
    });
    assert_eq!(modest.unwrap().score.ppm(), ONE_PPM);
}

#[test]
fn hours_time_zone_and_experience_count_in_part() {
    let receipt = judged(|job, profile| {
        profile.content.weekly_hours = 15;
        profile.content.utc_offset = UtcOffset::new(360).unwrap();
        profile.content.experience = domain::job::Experience::Intermediate;
        job.published_at = Some(now() - TimeDelta::days(14));
    });
    let receipt = receipt.unwrap();
    assert_eq!(fit(&receipt, ComponentKind::Availability), 750_000);
    assert_eq!(fit(&receipt, ComponentKind::TimeZone), 500_000);
    assert_eq!(fit(&receipt, ComponentKind::Experience), 500_000);
    assert_eq!(fit(&receipt, ComponentKind::Freshness), 500_000);
}

#[test]
fn required_skills_count_more_than_nice_ones_and_early_ones_more_than_late() {
    let missing = |at: usize| {
        let receipt = judged(|job, profile| {
            job.content.required = ["postgres", "rust", "docker"].map(skill).to_vec();
            job.content.nice_to_have = ["react", "figma", "js"].map(skill).to_vec();
            let all = job.content.required.iter().chain(&job.content.nice_to_have).cloned();
            let mut skills: Vec<_> = all.collect();
            skills.remove(at);
            let one = profile.content.skills[0].clone();
            profile.content.skills = skills
                .into_iter()
                .map(|skill| domain::profile::PractisedSkill { skill, ..one.clone() })
                .collect();
        });
        fit(&receipt.unwrap(), ComponentKind::Skills)
    };
    let fits: Vec<_> = (0..6).map(missing).collect();
    assert!(fits.is_sorted() && fits.windows(2).all(|pair| pair[0] < pair[1]), "{fits:?}");
}

#[test]
fn level_and_years_of_a_skill_count() {
    use domain::skill::SkillLevel::{Expert, Learning, Strong, Working};
    let known = |level, years| {
        let receipt = judged(|_, profile| {
            for skill in &mut profile.content.skills {
                (skill.level, skill.years) = (level, years);
            }
        });
        fit(&receipt.unwrap(), ComponentKind::Skills)
    };
    let rising =
        [known(Learning, 5), known(Working, 5), known(Strong, 0), known(Strong, 5), known(Expert, 5)];
    assert!(rising.windows(2).all(|pair| pair[0] < pair[1]), "{rising:?}");
    assert_eq!(known(Expert, 5), known(Expert, 40));
}

#[test]
fn a_skill_under_its_alias_is_the_same_skill() {
    let receipt = judged(|job, profile| {
        job.content.required = vec![skill("PostgreSQL"), skill("JavaScript")];
        profile.content.skills[0].skill = skill("postgres");
        profile.content.skills[1].skill = skill("js");
    });
    assert_eq!(fit(&receipt.unwrap(), ComponentKind::Skills), ONE_PPM);
}

#[test]
fn a_sensible_match_passes_the_threshold_and_another_trade_stays_far_below() {
    let setting = Setting::new();
    let (mut job, mut profile) = made_for_each_other();
    let strong = domain::profile::PractisedSkill {
        skill: skill("postgres"),
        level: domain::skill::SkillLevel::Strong,
        years: 4,
    };
    let practised = |name| domain::profile::PractisedSkill { skill: skill(name), ..strong.clone() };
    job.content.required = ["postgres", "rust", "docker", "linux", "grafana"].map(skill).to_vec();
    job.content.nice_to_have = ["kafka", "terraform"].map(skill).to_vec();
    profile.content.skills = ["postgres", "rust", "docker", "linux", "terraform"].map(practised).to_vec();
    let job = JobSpec::new(&job, Some(&towards(0.0)));
    let judge = |profile: &domain::profile::Profile, cosine: f32| {
        let vector = towards(cosine.acos());
        assess(&job, &CandidateSpec::new(profile, Some(&vector)), &setting.context()).unwrap().score
    };
    assert!(judge(&profile, 0.42) >= setting.policy.threshold, "{:?}", judge(&profile, 0.42));
    profile.content.skills = ["copywriting", "seo"].map(practised).to_vec();
    assert!(judge(&profile, 0.2).ppm() < 400_000);
}

#[test]
fn who_a_person_is_changes_nothing() {
    let named = judged(|_, profile| profile.display_name = "John Smith".to_owned()).unwrap();
    let other = judged(|_, profile| {
        profile.display_name = "Aïcha Ndiaye".to_owned();
        profile.content.links.clear();
        profile.user_id = user(77);
    });
    assert_eq!(named, other.unwrap());
}
