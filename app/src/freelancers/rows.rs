//! The parts of the profile form that have a row for each skill, language or link. Without
//! JavaScript there is no adding of rows, so empty ones are there from the start, and the rest
//! unfold.

use domain::{
    FieldErrors,
    language::{Language, LanguageLevel},
    profile::{LanguageRow, LinkRow, ProfileForm, SkillRow},
    skill::{Skill, SkillLevel},
};
use leptos::prelude::*;

use super::KNOWN_SKILLS;
use crate::ui::*;

/// So many empty rows stand open below those that are filled in.
const SPARE: usize = 3;

pub(super) fn skill_rows(rows: Vec<SkillRow>, errors: &FieldErrors) -> impl IntoView + use<> {
    let levels = choices(SkillLevel::ALL, SkillLevel::as_str, SkillLevel::label);
    let row = move |i: usize, row: SkillRow| {
        let number = i + 1;
        view! {
            <div class="grid gap-2 grid-cols-[minmax(0,1fr)_5.5rem] sm:grid-cols-[minmax(0,1fr)_13.5rem_5.5rem]">
                <input
                    class="control col-span-2 sm:col-span-1"
                    id=first_id("skills", i)
                    name=format!("form[skills][{i}][name]")
                    value=row.name
                    list=KNOWN_SKILLS
                    autocomplete="off"
                    maxlength=Skill::MAX_CHARS
                    aria-label=format!("Skill {number}")
                    placeholder=if i == 0 { "PostgreSQL, bookkeeping, subtitles" } else { "" }
                />
                {choose(
                    format!("form[skills][{i}][level]"),
                    format!("Level of skill {number}"),
                    "Level",
                    levels.clone(),
                    &row.level,
                )}
                <input
                    class="control tabular-nums"
                    name=format!("form[skills][{i}][years]")
                    value=row.years
                    inputmode="numeric"
                    autocomplete="off"
                    maxlength="2"
                    aria-label=format!("Years with skill {number}")
                    placeholder="Years"
                />
            </div>
        }
        .into_any()
    };
    part(
        "skills",
        "Your skills",
        "The ones you want to be found for, best first. What a job asks for is compared with these.",
        "More skills",
        fill(rows, ProfileForm::MAX_SKILLS, row),
        errors,
    )
}

pub(super) fn language_rows(rows: Vec<LanguageRow>, errors: &FieldErrors) -> impl IntoView + use<> {
    let languages = choices(Language::ALL, Language::as_str, Language::label);
    let levels = choices(LanguageLevel::ALL, LanguageLevel::as_str, LanguageLevel::label);
    let row = move |i: usize, row: LanguageRow| {
        let number = i + 1;
        view! {
            <div class="grid gap-2 grid-cols-2">
                {select(
                    first_id("languages", i),
                    format!("form[languages][{i}][language]"),
                    format!("Language {number}"),
                    "Language",
                    languages.clone(),
                    &row.language,
                )}
                {choose(
                    format!("form[languages][{i}][level]"),
                    format!("Level of language {number}"),
                    "Level",
                    levels.clone(),
                    &row.level,
                )}
            </div>
        }
        .into_any()
    };
    part(
        "languages",
        "Languages you work in",
        "A job in a language matches from conversational on.",
        "More languages",
        fill(rows, ProfileForm::MAX_LANGUAGES, row),
        errors,
    )
}

pub(super) fn link_rows(rows: Vec<LinkRow>, errors: &FieldErrors) -> impl IntoView + use<> {
    let row = |i: usize, row: LinkRow| {
        let number = i + 1;
        view! {
            <div class="grid gap-2 sm:grid-cols-[14rem_minmax(0,1fr)]">
                <input
                    class="control"
                    id=first_id("links", i)
                    name=format!("form[links][{i}][label]")
                    value=row.label
                    autocomplete="off"
                    maxlength="200"
                    aria-label=format!("Name of link {number}")
                    placeholder="What it is"
                />
                <input
                    class="control"
                    type="url"
                    name=format!("form[links][{i}][url]")
                    value=row.url
                    autocomplete="off"
                    maxlength="200"
                    aria-label=format!("Address of link {number}")
                    placeholder="https://"
                />
            </div>
        }
        .into_any()
    };
    part(
        "links",
        "Work elsewhere (optional)",
        "A portfolio, a repository, a published text.",
        "More links",
        fill(rows, ProfileForm::MAX_LINKS, row),
        errors,
    )
}

/// A list of rows: those that stand open, and those that unfold.
struct Filled {
    open: Vec<AnyView>,
    folded: Vec<AnyView>,
}

/// What is filled in and some spare rows, up to `max` in all; should more have been sent, they are
/// shown as well, so that nothing that was typed is lost.
fn fill<T: Default + PartialEq>(mut rows: Vec<T>, max: usize, view: impl Fn(usize, T) -> AnyView) -> Filled {
    // A refused form sends its empty rows as well.
    rows.retain(|row| *row != T::default());
    let shown = rows.len() + SPARE.min(max.saturating_sub(rows.len()));
    let total = max.max(rows.len());
    let all = rows.into_iter().chain(std::iter::repeat_with(T::default)).take(total).enumerate();
    let mut open: Vec<_> = all.map(|(i, row)| view(i, row)).collect();
    let folded = open.split_off(shown.min(open.len()));
    Filled { open, folded }
}

/// The first row carries the field's id, so that an error summary leads to it.
fn first_id(key: &str, i: usize) -> Option<String> {
    (i == 0).then(|| field_id(key))
}

fn part(
    key: &'static str,
    legend: &'static str,
    hint: &'static str,
    more: &'static str,
    rows: Filled,
    errors: &FieldErrors,
) -> impl IntoView + use<> {
    let error = errors.get(key).map(str::to_owned);
    let (hint_id, error_id) = (format!("{}-hint", field_id(key)), format!("{}-error", field_id(key)));
    let described_by = if error.is_some() { format!("{hint_id} {error_id}") } else { hint_id.clone() };
    let Filled { open, folded } = rows;
    view! {
        <fieldset class="field" aria-describedby=described_by>
            <legend class="label mb-1.5">{legend}</legend>
            <p class="hint" id=hint_id>{hint}</p>
            {error.map(|error| view! { <ErrorText id=error_id error /> })}
            <div class="grid gap-4 sm:gap-2">{open}</div>
            {(!folded.is_empty())
                .then(|| {
                    view! {
                        <details>
                            <summary class="py-2 text-accent font-semibold">{more}</summary>
                            <div class="grid gap-4 sm:gap-2 pt-1">{folded}</div>
                        </details>
                    }
                })}
        </fieldset>
    }
    .into_any()
}

fn choose(name: String, label: String, empty: &'static str, options: Vec<Choice>, value: &str) -> AnyView {
    select(None, name, label, empty, options, value)
}

fn select(
    id: Option<String>,
    name: String,
    label: String,
    empty: &'static str,
    options: Vec<Choice>,
    value: &str,
) -> AnyView {
    let options: Vec<_> = options
        .into_iter()
        .map(|(option, label)| {
            let selected = option == value;
            view! { <option value=option selected=selected>{label}</option> }
        })
        .collect();
    view! {
        <select class="control" id=id name=name aria-label=label>
            <option value="">{empty}</option>
            {options}
        </select>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(rows: Vec<SkillRow>) -> String {
        Owner::new().with(|| skill_rows(rows, &FieldErrors::default()).to_html())
    }

    #[test]
    fn there_is_a_row_for_each_skill_one_may_name() {
        let all = ProfileForm::MAX_SKILLS;
        for rows in [0, 1, all - 1, all] {
            let html = html(vec![SkillRow { name: "Rust".into(), ..SkillRow::default() }; rows]);
            assert_eq!(html.matches("[name]").count(), all, "{rows}");
            assert_eq!(html.matches(r#"value="Rust""#).count(), rows);
        }
    }

    #[test]
    fn empty_rows_that_were_sent_are_folded_again() {
        let mut rows = vec![SkillRow::default(); ProfileForm::MAX_SKILLS];
        rows[5].name = "Rust".into();
        let html = html(rows);
        let open = html.split("<details").next().unwrap_or_default();
        assert_eq!(open.matches("[name]").count(), 1 + SPARE);
        assert!(open.contains(r#"value="Rust""#), "{open}");
    }

    #[test]
    fn rows_beyond_the_limit_are_shown_again_rather_than_lost() {
        let rows = ProfileForm::MAX_SKILLS + 2;
        let html = html(vec![SkillRow { name: "\"><script>".into(), ..SkillRow::default() }; rows]);
        assert_eq!(html.matches("[name]").count(), rows);
        assert!(!html.contains("<script"), "{html}");
    }
}
