//! Freelancers: looking through them, one's page, and editing one's own profile.

mod api;
mod browse;
mod edit;
mod person;
mod rows;

pub use api::*;
pub use browse::*;
pub use edit::*;
pub use person::*;

use std::sync::LazyLock;

use domain::skill::Skill;
use leptos::prelude::*;

/// The id of [`KnownSkills`], for the `list` of an input.
const KNOWN_SKILLS: &str = "known-skills";

/// The vocabulary as suggestions. It is the same on every page, so it is written once.
#[component]
fn KnownSkills() -> impl IntoView {
    static OPTIONS: LazyLock<String> = LazyLock::new(|| {
        let escape = |label: &str| label.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        Skill::known().iter().map(|skill| format!(r#"<option value="{}">"#, escape(skill.label))).collect()
    });
    view! { <datalist id=KNOWN_SKILLS inner_html=OPTIONS.as_str()></datalist> }.into_any()
}
