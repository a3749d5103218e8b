use app::ui::*;
use domain::{FieldErrors, money::Currency, place::Region};
use leptos::prelude::*;

use crate::page::Specimen;

/// What one presses and fills in.
#[component]
pub fn Forms() -> impl IntoView {
    let mut errors = FieldErrors::one("title", "Please write at least 10 characters; this is 4.");
    errors.add("budget_max", "The upper end is below the lower one.");
    errors.add("regions", "Please choose at least one region.");
    view! {
        <Specimen title="Buttons">
            <div class="flex flex-wrap gap-3 items-center">
                <Button kind=ButtonKind::Primary>"Publish the job"</Button>
                <Button>"Save as draft"</Button>
                <Button kind=ButtonKind::Quiet>"Cancel"</Button>
                <Button kind=ButtonKind::Danger>"Close the job"</Button>
                <Button kind=ButtonKind::Primary disabled=true>"Publishing…"</Button>
            </div>
            <div class="flex flex-wrap gap-3 items-center">
                <Button kind=ButtonKind::Primary size=ButtonSize::Small>"Small"</Button>
                <Button kind=ButtonKind::Primary>"Medium"</Button>
                <LinkButton href="/jobs/new" kind=ButtonKind::Primary size=ButtonSize::Large>"Large, a link"</LinkButton>
            </div>
        </Specimen>
        <Specimen title="A form with faults">
            <form class="form max-w-2xl">
                <ErrorSummary focus=false errors=errors.clone() labels=vec![("title", "Title"), ("budget_max", "Budget")] />
                <TextInput name="form[title]" label="Title" value="Shop" hint="What is to be done, in one line." errors=errors.clone() />
                <TextArea
                    name="form[description]"
                    label="Description"
                    value="</textarea><script>alert('no')</script>\nStays text."
                    hint="What it is about, what is there already, what counts as done."
                    errors=errors.clone()
                />
                <RadioCards
                    name="form[budget_kind]"
                    legend="How the work is paid"
                    value="hourly"
                    options=vec![
                        CardChoice::new("hourly", "By the hour", "You pay the hours worked, at the rate agreed."),
                        CardChoice::new("fixed", "Fixed price", "You pay once what was agreed is done."),
                    ]
                    errors=errors.clone()
                />
                <MoneyRange
                    legend="Budget"
                    min_name="form[budget_min]"
                    max_name="form[budget_max]"
                    currency_name="form[currency]"
                    min="60"
                    max="40"
                    currency="EUR"
                    currencies=choices(Currency::ALL, Currency::as_str, Currency::label)
                    hint="An hour. A range brings more matches than a single figure."
                    errors=errors.clone()
                />
                <div class="grid gap-6 sm:grid-cols-2">
                    <NumberInput name="form[weekly_hours]" label="Hours a week" value="20" suffix="hours" required=false />
                    <Select
                        name="form[region]"
                        label="Your region"
                        options=choices(Region::ALL, Region::as_str, Region::label)
                        value="EU"
                    />
                </div>
                <CheckboxGroup
                    name="form[regions][]"
                    legend="Open to people from"
                    options=choices(Region::ALL, Region::as_str, Region::label)
                    values=vec!["EU".into(), "SA".into()]
                    hint="Nothing ticked means anywhere."
                    errors=errors.clone()
                />
                <Checkbox name="form[on_site]" label="Work on site in my region is welcome" checked=true />
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary>"Preview"</Button>
                    <Button>"Save as draft"</Button>
                </div>
            </form>
        </Specimen>
    }
    .into_any()
}
