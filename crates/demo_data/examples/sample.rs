//! Prints some of the people and jobs of a plan, to be read by a person: `cargo run -p demo_data
//! --example sample -- SEED COUNT`.

use chrono::{DateTime, Utc};
use demo_data::{Plan, jobs, people};

fn main() {
    let argument = |n| std::env::args().nth(n).and_then(|text| text.parse::<u32>().ok());
    let seed = argument(1).unwrap_or(8).into();
    let count = argument(2).unwrap_or(12) as usize;
    let plan =
        Plan::new(count, count.min(400), seed, DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::days(20_777));
    for person in people(plan) {
        let region = person.region;
        println!("## {} <{}> {region}", person.display_name, person.email.as_str());
        if let Some(profile) = person.profile {
            let skills: Vec<_> = profile
                .skills
                .iter()
                .map(|s| format!("{} ({}, {} y)", s.skill.label, s.level, s.years))
                .collect();
            println!(
                "{} | {} an hour\n{}\n{}\n",
                profile.title,
                profile.rate.label(),
                profile.summary,
                skills.join(", ")
            );
        }
    }
    for job in jobs(plan) {
        println!("## {} | {}\n{}\n", job.content.title, job.content.budget.label(), job.content.description);
    }
}
