use std::collections::HashMap;

use domain::{
    FieldErrors, UserId,
    browse::{BrowseForm, FreelancerListing, FreelancerOrder, Page},
    job::Experience,
    language::Language,
    picture::PictureHash,
    place::Region,
    skill::Skill,
};
use leptos::prelude::*;
use leptos_meta::Title;
use services::{pictures, profiles};

use super::{KNOWN_SKILLS, KnownSkills};
use crate::{
    error::ErrorKind,
    head,
    page::{encode, page, query},
    ssr,
    ui::*,
};

const PATH: &str = "/freelancers";

#[component]
pub fn BrowsePage() -> impl IntoView {
    let services = ssr::services();
    let form = asked_for();
    page(async move {
        let (list, errors) = match form.freelancers() {
            Ok(filter) => (Some(profiles::browse(&services, &filter).await?), FieldErrors::default()),
            Err(errors) => {
                ssr::set_status(ErrorKind::Malformed.status());
                (None, errors)
            }
        };
        let shown: Vec<_> = list.iter().flat_map(|list| &list.rows).map(|row| row.user_id).collect();
        let pictures = pictures::of_people(&services, &shown).await?;
        head::describe(
            "Freelancers across trades and regions: what they do, how well, and what an hour costs.",
        );
        Ok(view! {
            <Title text="Freelancers" />
            <PageHeader title="Freelancers" lede="What people do, how well, and what an hour of it costs." />
            <div class="with-aside with-aside-first">
                <Filters form=form.clone() errors=errors.clone() />
                <div class="min-w-0">
                    <Refused errors />
                    {list.map(|list| view! { <Results list pictures form /> })}
                </div>
            </div>
        })
    })
}

/// The filters as they stand in the address.
fn asked_for() -> BrowseForm {
    BrowseForm {
        q: query("q"),
        skill: query("skill"),
        max: query("max"),
        region: query("region"),
        language: query("language"),
        experience: query("experience"),
        sort: query("sort"),
        after: query("after"),
        ..BrowseForm::default()
    }
}

/// The filters by their names, as they narrow the list.
fn filters(form: &BrowseForm) -> [(&'static str, &str); 6] {
    [
        ("q", &form.q),
        ("skill", &form.skill),
        ("max", &form.max),
        ("region", &form.region),
        ("language", &form.language),
        ("experience", &form.experience),
    ]
}

/// The address of the same list from `after` on.
fn address(form: &BrowseForm, after: &str) -> String {
    let pairs = filters(form).into_iter().chain([("sort", form.sort.as_str()), ("after", after)]);
    let set: Vec<_> = pairs
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    if set.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", set.join("&")) }
}

#[component]
fn Filters(form: BrowseForm, errors: FieldErrors) -> impl IntoView {
    let active = filters(&form).into_iter().filter(|(_, value)| !value.trim().is_empty()).count();
    view! {
        <FilterBar action=PATH active open=!errors.is_empty()>
            <TextInput
                name="q"
                label="Words"
                input_type="search"
                value=form.q
                placeholder="invoices, shop, podcast"
                max_length=200_u32
                required=false
                errors=errors.clone()
            />
            <TextInput
                name="skill"
                label="Skill"
                value=form.skill
                max_length=Skill::MAX_CHARS as u32
                required=false
                list=KNOWN_SKILLS
                autocomplete="off"
                errors=errors.clone()
            />
            <NumberInput
                name="max"
                label="Highest rate an hour"
                prefix="$"
                decimal=true
                value=form.max
                required=false
                errors=errors.clone()
            />
            <Select
                name="region"
                label="Region"
                options=choices(Region::ALL, Region::as_str, Region::label)
                value=form.region
                empty="Any region"
                required=false
                errors=errors.clone()
            />
            <Select
                name="language"
                label="Language"
                options=choices(Language::ALL, Language::as_str, Language::label)
                value=form.language
                empty="Any language"
                required=false
                errors=errors.clone()
            />
            <Select
                name="experience"
                label="Experience"
                options=choices(Experience::ALL, Experience::as_str, Experience::label)
                value=form.experience
                empty="Any experience"
                required=false
                errors=errors.clone()
            />
            <Select
                name="sort"
                label="Order"
                options=choices(FreelancerOrder::ALL, FreelancerOrder::as_str, FreelancerOrder::label)
                value=form.sort
                empty="As it suits the search"
                required=false
                errors
            />
        </FilterBar>
        <KnownSkills />
    }
    .into_any()
}

/// What is wrong with the filters, where the list would be.
#[component]
fn Refused(errors: FieldErrors) -> impl IntoView {
    let labels = vec![
        ("q", "Words"),
        ("skill", "Skill"),
        ("max", "Highest rate"),
        ("region", "Region"),
        ("language", "Language"),
        ("experience", "Experience"),
        ("sort", "Order"),
        ("after", "Page"),
    ];
    (!errors.is_empty()).then(|| {
        // A wrong page marker has no field; the way out of it is the first page.
        view! {
            <ErrorSummary errors labels focus=false />
            <p class="mt-4"><a id=field_id("after") href=PATH>"Clear the filters"</a></p>
        }
    })
}

#[component]
fn Results(
    list: Page<FreelancerListing>,
    pictures: HashMap<UserId, PictureHash>,
    form: BrowseForm,
) -> impl IntoView {
    let count = list.rows.len();
    if count == 0 {
        return view! {
            <EmptyState
                title="Nobody by these marks"
                text="No freelancer meets all of these filters. Take one away, or look with fewer words."
                action=Some(("Clear the filters".to_owned(), PATH.to_owned()))
            />
        }
        .into_any();
    }
    let shown =
        if count == 1 { "1 freelancer".to_owned() } else { format!("{count} freelancers on this page") };
    let first = (!form.after.is_empty()).then(|| address(&form, ""));
    let next = list.next.map(|cursor| address(&form, &cursor.to_string()));
    let rows: Vec<_> = list
        .rows
        .into_iter()
        .map(|listing| {
            let picture = pictures.get(&listing.user_id).map(|picture| picture.path(listing.user_id));
            view! { <FreelancerRow freelancer=row(listing, picture) /> }
        })
        .collect();
    view! {
        <Rows>{rows}</Rows>
        <Pager first next shown />
    }
    .into_any()
}

fn row(listing: FreelancerListing, picture: Option<String>) -> FreelancerRowData {
    FreelancerRowData {
        href: format!("{PATH}/{}", listing.user_id),
        name: listing.display_name,
        picture,
        title: listing.title,
        rate: format!("{} an hour", listing.rate.label()),
        meta: vec![
            listing.region.label().to_owned(),
            listing.utc_offset.label(),
            listing.experience.label().to_owned(),
            format!("{} h a week", listing.weekly_hours),
        ],
        excerpt: listing.excerpt,
        skills: listing.skills.into_iter().map(|practised| practised.skill.label).collect(),
        score: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_is_set_and_escapes_it() {
        assert_eq!(address(&BrowseForm::default(), ""), "/freelancers");
        let form = BrowseForm {
            q: "c++ & \"rust\"".into(),
            region: "EU".into(),
            after: "old".into(),
            ..BrowseForm::default()
        };
        assert_eq!(address(&form, "1~2"), "/freelancers?q=c%2B%2B%20%26%20%22rust%22&region=EU&after=1~2");
    }

    #[test]
    fn an_empty_list_says_so_and_leads_back() {
        let list = Page { rows: vec![], next: None };
        let results = || view! { <Results list pictures=HashMap::new() form=BrowseForm::default() /> };
        let html = Owner::new().with(|| results().to_html());
        assert!(html.contains(r#"href="/freelancers""#) && html.contains("Clear the filters"), "{html}");
    }
}
