use domain::{
    FieldErrors,
    job::{BudgetKind, Duration, Experience, JobForm},
    language::Language,
    money::Currency,
    place::{Region, UtcOffset, WorkPlace},
};
use leptos::prelude::*;

use crate::ui::*;

/// The fields of the form and their names, in their order.
pub(super) const LABELS: &[(&str, &str)] = &[
    ("title", "Title"),
    ("description", "Description"),
    ("required_skills", "Required skills"),
    ("nice_skills", "Nice to have"),
    ("budget_kind", "Payment"),
    ("budget_min", "Budget"),
    ("budget_max", "Budget"),
    ("currency", "Currency"),
    ("duration", "Duration"),
    ("weekly_hours", "Hours a week"),
    ("experience", "Experience"),
    ("work_place", "Place"),
    ("location", "Town"),
    ("regions", "Regions"),
    ("utc_offset", "Time zone"),
    ("languages", "Languages"),
];

/// The fields that describe a job.
pub(super) fn job_fields(form: JobForm, errors: FieldErrors) -> impl IntoView {
    let max = |(_, max): (usize, usize)| max as u32;
    view! {
        <section class="form-section">
            <h2>"The work"</h2>
            <TextInput
                name="form[title]"
                label="Title"
                value=form.title
                hint="What is to be done, in one line: “Move our shop's database to PostgreSQL”."
                max_length=max(JobForm::TITLE_CHARS)
                errors=errors.clone()
            />
            <TextArea
                name="form[description]"
                label="Description"
                value=form.description
                hint="What is there, what is missing, how you will know it is done. Matching reads this text, so plain words work best. Blank lines start paragraphs."
                rows=10
                max_length=max(JobForm::DESCRIPTION_CHARS)
                errors=errors.clone()
            />
            <TextInput
                name="form[required_skills]"
                label="Required skills"
                value=form.required_skills
                hint="Parted by commas, the most important first: PostgreSQL, Rust, data modelling. At most 15."
                errors=errors.clone()
            />
            <TextInput
                name="form[nice_skills]"
                label="Nice to have"
                value=form.nice_skills
                hint="Skills that help, without which the work can still be done."
                required=false
                errors=errors.clone()
            />
            <Select
                name="form[experience]"
                label="Experience"
                value=form.experience
                options=choices(Experience::ALL, Experience::as_str, Experience::label)
                empty="Any level"
                required=false
                errors=errors.clone()
            />
        </section>
        <section class="form-section">
            <h2>"Budget and time"</h2>
            <RadioCards
                name="form[budget_kind]"
                legend="Payment"
                value=form.budget_kind
                options=vec![
                    CardChoice::new(BudgetKind::Hourly.as_str(), BudgetKind::Hourly.label(), "A rate for each hour of work."),
                    CardChoice::new(BudgetKind::Fixed.as_str(), BudgetKind::Fixed.label(), "One amount for the whole job."),
                ]
                errors=errors.clone()
            />
            <MoneyRange
                legend="Budget"
                min_name="form[budget_min]"
                max_name="form[budget_max]"
                currency_name="form[currency]"
                min=form.budget_min
                max=form.budget_max
                currency=form.currency
                currencies=choices(Currency::ALL, Currency::as_str, Currency::label)
                hint="For an hour or for the whole job, as chosen above. A single figure goes into the second field."
                errors=errors.clone()
            />
            <Select
                name="form[duration]"
                label="Duration"
                value=form.duration
                options=choices(Duration::ALL, Duration::as_str, Duration::label)
                empty="Please choose"
                errors=errors.clone()
            />
            <NumberInput
                name="form[weekly_hours]"
                label="Hours a week"
                value=form.weekly_hours
                hint="1 to 60. Leave it empty if it does not matter."
                suffix="hours"
                required=false
                errors=errors.clone()
            />
        </section>
        <section class="form-section">
            <h2>"Place and people"</h2>
            <RadioCards
                name="form[work_place]"
                legend="Place"
                value=form.work_place
                options=vec![
                    CardChoice::new(WorkPlace::Remote.as_str(), WorkPlace::Remote.label(), "The work can be done from anywhere."),
                    CardChoice::new(WorkPlace::OnSite.as_str(), WorkPlace::OnSite.label(), "The person has to be there. Name the town and its region."),
                ]
                errors=errors.clone()
            />
            <TextInput
                name="form[location]"
                label="Town"
                value=form.location
                hint="For work on site."
                max_length=80_u32
                required=false
                errors=errors.clone()
            />
            <CheckboxGroup
                name="form[regions][]"
                legend="Open to people in"
                values=form.regions
                options=choices(Region::ALL, Region::as_str, Region::label)
                hint="None ticked means every region."
                errors=errors.clone()
            />
            <Select
                name="form[utc_offset]"
                label="Your working time"
                value=form.utc_offset
                options=time_zones()
                empty="Shared hours do not matter"
                hint="Where shared working hours matter, people who are awake when you are come first."
                required=false
                errors=errors.clone()
            />
            <CheckboxGroup
                name="form[languages][]"
                legend="Languages of the work"
                values=form.languages
                options=choices(Language::ALL, Language::as_str, Language::label)
                hint="Everybody you are shown speaks each of these. At most 5."
                errors
            />
        </section>
    }
}

fn time_zones() -> Vec<Choice> {
    let label = |minutes: i16, places: &str| {
        UtcOffset::new(minutes).map(|offset| (minutes.to_string(), format!("{} · {places}", offset.label())))
    };
    UtcOffset::CHOICES.iter().filter_map(|&(minutes, places)| label(minutes, places)).collect()
}
