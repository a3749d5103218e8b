use domain::{
    FieldErrors,
    browse::{BrowseForm, JobOrder},
    job::{BudgetKind, Experience},
    language::Language,
    place::{Region, WorkPlace},
};
use leptos::prelude::*;

use crate::ui::*;

/// The fields of the list's filters.
pub(super) fn filters(form: BrowseForm, errors: FieldErrors) -> impl IntoView {
    view! {
        <TextInput
            name="q"
            label="Search"
            value=form.q
            input_type="search"
            placeholder="words, \"a phrase\", -not"
            max_length=200_u32
            required=false
            errors=errors.clone()
        />
        <TextInput
            name="skill"
            label="Skill"
            value=form.skill
            placeholder="PostgreSQL"
            max_length=40_u32
            required=false
            errors=errors.clone()
        />
        <Select
            name="kind"
            label="Payment"
            value=form.kind
            options=choices(BudgetKind::ALL, BudgetKind::as_str, BudgetKind::label)
            empty="Any"
            required=false
            errors=errors.clone()
        />
        <NumberInput
            name="min"
            label="Budget from"
            value=form.min
            prefix="$"
            decimal=true
            required=false
            errors=errors.clone()
        />
        <Select
            name="place"
            label="Place"
            value=form.place
            options=choices(WorkPlace::ALL, WorkPlace::as_str, WorkPlace::label)
            empty="Remote or on site"
            required=false
            errors=errors.clone()
        />
        <Select
            name="region"
            label="Open to people in"
            value=form.region
            options=choices(Region::ALL, Region::as_str, Region::label)
            empty="Any region"
            required=false
            errors=errors.clone()
        />
        <Select
            name="language"
            label="Language"
            value=form.language
            options=choices(Language::ALL, Language::as_str, Language::label)
            empty="Any language"
            required=false
            errors=errors.clone()
        />
        <Select
            name="experience"
            label="Experience"
            value=form.experience
            options=choices(Experience::ALL, Experience::as_str, Experience::label)
            empty="Any experience"
            required=false
            errors=errors.clone()
        />
        <Select
            name="sort"
            label="Order"
            value=form.sort
            options=choices(JobOrder::ALL, JobOrder::as_str, JobOrder::label)
            empty="As it suits the search"
            required=false
            errors
        />
    }
}
