use domain::{
    job::Experience,
    money::Currency,
    place::{Region, UtcOffset},
    profile::{Profile, ProfileForm, Visibility},
};
use identity::{Permission, Principal};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::profiles;

use super::{
    KnownSkills,
    rows::{language_rows, link_rows, skill_rows},
};
use crate::{
    error::ApiError,
    page::{faults, page, query, refused},
    ssr,
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: ProfileForm,
    version: Option<i32>,
}

#[component]
pub fn ProfilePage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let refused = refused::<Arguments>("/api/save_profile");
    let saved = query("saved") == "1" && refused.is_none();
    page(async move {
        let who = who?;
        if let Err(refused) = ssr::may(&who, Permission::KeepProfile) {
            ssr::set_status(refused.status());
            return Ok(view! { <NoFreelancer /> }.into_any());
        }
        let profile = profiles::own(&services, &who).await?;
        let is_new = profile.is_none();
        let paused = profile.as_ref().is_some_and(|profile| profile.content.visibility == Visibility::Paused);
        let (arguments, error) = match refused {
            Some(refused) => (refused.arguments, Some(refused.error)),
            None => (arguments(profile.as_ref(), &who), None),
        };
        let (title, lede) = if is_new {
            (
                "Tell people what you do",
                "Five minutes now. From then on, jobs that fit come to you by themselves, each with the reasons.",
            )
        } else {
            ("Your profile", "What you write here is what jobs are compared with.")
        };
        let region = who.region;
        Ok(view! {
            <Title text=title />
            <div class="max-w-3xl mx-auto">
                <PageHeader title lede>
                    {(!is_new)
                        .then(|| {
                            let href = format!("/freelancers/{}", who.user_id);
                            view! { <LinkButton href>"See it as others do"</LinkButton> }
                        })}
                </PageHeader>
                {saved.then(|| view! { <Saved paused /> })}
                {(paused && !saved)
                    .then(|| {
                        view! {
                            <div class="mb-6">
                                <Notice>"Your profile is paused: nobody sees it, and no jobs are matched with it."</Notice>
                            </div>
                        }
                    })}
                <ProfileFields form=arguments.form version=arguments.version region is_new error />
            </div>
        }
        .into_any())
    })
}

/// The form as it stands before anything is typed.
fn arguments(profile: Option<&Profile>, who: &Principal) -> Arguments {
    if let Some(profile) = profile {
        return Arguments { form: (&profile.content).into(), version: Some(profile.version) };
    }
    let currency = match who.region {
        Region::Eu => Currency::Eur,
        Region::Na | Region::Asia | Region::Sa => Currency::Usd,
    };
    let form = ProfileForm {
        currency: currency.to_string(),
        visibility: Visibility::Visible.to_string(),
        ..ProfileForm::default()
    };
    Arguments { form, version: None }
}

#[component]
fn Saved(paused: bool) -> impl IntoView {
    let text = if paused {
        "Your profile is paused until you make it visible again."
    } else {
        "Your matches are being worked out anew. "
    };
    view! {
        <div class="mb-6">
            <Notice kind=NoticeKind::Success title="Saved">
                <p>{text} {(!paused).then(|| view! { <a href="/matches">"See your matches"</a> })}</p>
            </Notice>
        </div>
    }
    .into_any()
}

/// For clients who have no profile to edit.
#[component]
fn NoFreelancer() -> impl IntoView {
    view! {
        <Title text="Profile" />
        <EmptyState
            title="You are here as a client"
            text="A profile is for people who look for work. If you do too, say so in your account; you keep everything you have."
            action=Some(("Open my account".to_owned(), "/account".to_owned()))
            whole_page=true
        />
    }
    .into_any()
}

#[component]
fn ProfileFields(
    form: ProfileForm,
    version: Option<i32>,
    region: Region,
    is_new: bool,
    error: Option<ApiError>,
) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let labels = vec![
        ("title", "Title"),
        ("summary", "Summary"),
        ("skills", "Skills"),
        ("experience", "Experience"),
        ("rate", "Rate"),
        ("currency", "Currency"),
        ("weekly_hours", "Hours a week"),
        ("utc_offset", "Time zone"),
        ("languages", "Languages"),
        ("links", "Links"),
        ("visibility", "Who sees it"),
    ];
    let chars = |bound: usize| u32::try_from(bound).unwrap_or(u32::MAX);
    let offsets = UtcOffset::CHOICES
        .iter()
        .filter_map(|&(minutes, places)| {
            let offset = UtcOffset::new(minutes)?;
            Some((minutes.to_string(), format!("{} {places}", offset.label())))
        })
        .collect();
    view! {
        <form class="form" method="post" action="/api/save_profile">
            {faults(error.as_ref(), labels)}
            {version.map(|version| view! { <input type="hidden" name="version" value=version /> })}
            <TextInput
                name="form[title]"
                label="What you are, in one line"
                placeholder="Database engineer for busy shops"
                value=form.title
                min_length=chars(ProfileForm::TITLE_CHARS.0)
                max_length=chars(ProfileForm::TITLE_CHARS.1)
                autocomplete="organization-title"
                errors=errors.clone()
            />
            <TextArea
                name="form[summary]"
                label="What you do, and what you have done"
                hint="Write about the work, as to a future client. Its meaning is compared with every job; your name is not."
                value=form.summary
                rows=8
                max_length=chars(ProfileForm::SUMMARY_CHARS.1)
                errors=errors.clone()
            />
            {skill_rows(form.skills, &errors)}
            <KnownSkills />
            <RadioCards
                name="form[experience]"
                legend="Experience on the whole"
                options=vec![
                    CardChoice::new(Experience::Entry.as_str(), Experience::Entry.label(), "I am finding my feet."),
                    CardChoice::new(
                        Experience::Intermediate.as_str(),
                        Experience::Intermediate.label(),
                        "I do this on my own.",
                    ),
                    CardChoice::new(Experience::Expert.as_str(), Experience::Expert.label(), "Others ask me how."),
                ]
                value=form.experience
                errors=errors.clone()
            />
            <section class="form-section" aria-labelledby="terms">
                <h2 id="terms">"Terms"</h2>
                <div class="grid gap-5 sm:grid-cols-3">
                    <NumberInput
                        name="form[rate]"
                        label="Rate an hour"
                        decimal=true
                        value=form.rate
                        errors=errors.clone()
                    />
                    <Select
                        name="form[currency]"
                        label="Currency"
                        options=choices(Currency::ALL, Currency::as_str, Currency::label)
                        value=form.currency
                        errors=errors.clone()
                    />
                    <NumberInput
                        name="form[weekly_hours]"
                        label="Free hours a week"
                        suffix="h"
                        value=form.weekly_hours
                        errors=errors.clone()
                    />
                </div>
                <Select
                    name="form[utc_offset]"
                    label="Your time zone"
                    hint="For the hours a day in which you and a client are both at work."
                    options=offsets
                    value=form.utc_offset
                    empty="Choose a time zone"
                    errors=errors.clone()
                />
                <div class="grid gap-2 justify-items-start">
                    <Checkbox
                        name="form[on_site]"
                        label="Work on site in my region is welcome"
                        value="on"
                        checked=form.on_site == "on"
                    />
                    <p class="hint">
                        "Your region is " {region.label()} "; " <a href="/account">"change it in your account"</a> "."
                    </p>
                </div>
            </section>
            <section class="form-section" aria-labelledby="more">
                <h2 id="more">"Languages and links"</h2>
                {language_rows(form.languages, &errors)}
                {link_rows(form.links, &errors)}
            </section>
            <section class="form-section" aria-labelledby="visible">
                <h2 id="visible">"Who sees it"</h2>
                <RadioCards
                    name="form[visibility]"
                    legend="Your profile is"
                    options=vec![
                        CardChoice::new(
                            Visibility::Visible.as_str(),
                            Visibility::Visible.label(),
                            "It is listed, and matched with every job.",
                        ),
                        CardChoice::new(
                            Visibility::Paused.as_str(),
                            Visibility::Paused.label(),
                            "It is kept for you alone. Your matches end until you are back.",
                        ),
                    ]
                    value=form.visibility
                    errors
                />
            </section>
            <div class="form-actions">
                <Button kind=ButtonKind::Primary size=ButtonSize::Large>
                    {if is_new { "Save, and see what fits" } else { "Save my profile" }}
                </Button>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::{FieldErrors, profile::SkillRow};

    use super::*;

    #[test]
    fn a_refused_profile_keeps_every_value_and_none_of_it_runs() {
        let hostile = "</textarea><script>alert(1)</script>";
        let form = ProfileForm {
            title: hostile.into(),
            summary: hostile.into(),
            skills: vec![SkillRow { name: "Rust".into(), level: "expert".into(), years: "x".into() }],
            rate: "a lot".into(),
            on_site: "on".into(),
            utc_offset: "330".into(),
            ..ProfileForm::default()
        };
        let error = ApiError::invalid(FieldErrors::one("skills", "Please give years as a number."));
        let html = Owner::new().with(|| {
            view! {
                <ProfileFields form version=Some(7) region=Region::Asia is_new=false error=Some(error) />
            }
            .to_html()
        });
        assert!(!html.contains("<script"), "{html}");
        assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
        for kept in [
            r#"name="version" value="7""#,
            r#"value="a lot""#,
            r#"value="330" selected"#,
            r#"value="on" checked"#,
            r#"value="expert" selected"#,
            r##"href="#f-skills""##,
            r#"id="f-skills""#,
        ] {
            assert!(html.contains(kept), "{kept} in {html}");
        }
    }
}
