//! Forms as people fill them in.

use domain::{
    job::JobForm,
    profile::{LanguageRow, ProfileForm, SkillRow},
};

/// A job for a database engineer.
pub fn database_job() -> JobForm {
    JobForm {
        title: "Move our booking system to PostgreSQL".into(),
        description: "Database engineer for PostgreSQL wanted: move a busy booking system to PostgreSQL, \
                      tune its queries in SQL and write the migration in Rust."
            .into(),
        required_skills: "PostgreSQL, SQL, Rust".into(),
        budget_kind: "hourly".into(),
        budget_min: "60".into(),
        budget_max: "90".into(),
        currency: "EUR".into(),
        duration: "months".into(),
        work_place: "remote".into(),
        languages: vec!["en".into()],
        ..JobForm::default()
    }
}

/// The profile of somebody whom [`database_job`] suits.
pub fn database_engineer() -> ProfileForm {
    let skill = |name: &str| SkillRow { name: name.into(), level: "expert".into(), years: "8".into() };
    ProfileForm {
        title: "Database engineer for PostgreSQL".into(),
        summary:
            "Database engineer: I move busy booking systems to PostgreSQL, tune queries in SQL and write \
                  migration tools in Rust."
                .into(),
        skills: vec![skill("PostgreSQL"), skill("SQL"), skill("Rust")],
        experience: "expert".into(),
        rate: "80".into(),
        currency: "EUR".into(),
        weekly_hours: "30".into(),
        utc_offset: "60".into(),
        languages: vec![LanguageRow { language: "en".into(), level: "fluent".into() }],
        visibility: "visible".into(),
        ..ProfileForm::default()
    }
}

/// The profile of somebody whom [`database_job`] does not suit.
pub fn translator() -> ProfileForm {
    let skill = |name: &str| SkillRow { name: name.into(), level: "expert".into(), years: "12".into() };
    ProfileForm {
        title: "Literary translator from Portuguese".into(),
        summary: "I translate novels and poems from Portuguese, and read proofs for small publishing houses."
            .into(),
        skills: vec![skill("Translation"), skill("Proofreading")],
        ..database_engineer()
    }
}
