use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// The tone of a badge or a notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Accent,
    Success,
    Warning,
    Danger,
    /// Survey orange; for scores alone.
    Fit,
}

/// A state in a word or two: "Draft", "Open", "New".
#[component]
pub fn Badge(#[prop(into)] text: String, #[prop(optional)] tone: Tone) -> impl IntoView {
    let class = match tone {
        Tone::Neutral => "badge",
        Tone::Accent => "badge badge-accent",
        Tone::Success => "badge badge-success",
        Tone::Warning => "badge badge-warning",
        Tone::Danger => "badge badge-danger",
        Tone::Fit => "badge badge-fit",
    };
    view! { <span class=class>{text}</span> }.into_any()
}

/// How a skill stands to a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SkillState {
    /// Just named, compared with nothing.
    #[default]
    Plain,
    /// Asked for, and there.
    Met,
    /// Asked for, and not there.
    Missing,
    /// Welcome, not asked for.
    Nice,
}

/// A skill; its state is in words for screen readers, not in colour alone.
#[component]
pub fn SkillTag(
    #[prop(into)] name: String,
    #[prop(optional)] state: SkillState,
    /// What is known about it: "Expert, 9 years".
    #[prop(optional, into)]
    detail: String,
) -> impl IntoView {
    let (class, spoken, glyph) = match state {
        SkillState::Plain => ("tag", "", None),
        SkillState::Met => ("tag tag-met", " (met)", Some(Glyph::Check)),
        SkillState::Missing => ("tag tag-missing", " (missing)", Some(Glyph::Cross)),
        SkillState::Nice => ("tag tag-nice", " (nice to have)", Some(Glyph::Plus)),
    };
    view! {
        <span class=class>
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            {name}
            {(!detail.is_empty()).then(|| view! { <span class="optional">{detail}</span> })}
            {(!spoken.is_empty()).then(|| view! { <span class="sr-only">{spoken}</span> })}
        </span>
    }
    .into_any()
}

/// A run of skills, each with its state.
#[component]
pub fn SkillTags(skills: Vec<(String, SkillState)>) -> impl IntoView {
    let tags: Vec<_> =
        skills.into_iter().map(|(name, state)| view! { <li><SkillTag name state /></li> }).collect();
    view! { <ul class="tags">{tags}</ul> }.into_any()
}
