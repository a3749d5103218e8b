use domain::FieldErrors;
use leptos::prelude::*;

use super::field::{Choice, ErrorText, FieldParts, select_options};

/// Several of several: check boxes that all send `name`, such as `form[regions][]`.
#[component]
pub fn CheckboxGroup(
    #[prop(into)] name: String,
    #[prop(into)] legend: String,
    options: Vec<Choice>,
    /// The values that are ticked.
    #[prop(optional)]
    values: Vec<String>,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] errors: FieldErrors,
) -> impl IntoView {
    let options = options
        .into_iter()
        .enumerate()
        .map(|(i, (value, label))| (i, values.contains(&value), value, label, String::new()))
        .collect();
    group("checkbox", "choices", name, legend, options, hint, errors)
}

/// One tick: yes or no. Sends `value` when it is set, nothing otherwise.
#[component]
pub fn Checkbox(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
    #[prop(default = "true")] value: &'static str,
) -> impl IntoView {
    view! {
        <label class="choice">
            <input type="checkbox" name=name value=value checked=checked />
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// A way to choose with a line of explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardChoice {
    pub value: String,
    pub label: String,
    pub text: String,
}

impl CardChoice {
    pub fn new(value: impl Into<String>, label: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), text: text.into() }
    }
}

/// One of a few weighty choices, each a card.
#[component]
pub fn RadioCards(
    #[prop(into)] name: String,
    #[prop(into)] legend: String,
    options: Vec<CardChoice>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] errors: FieldErrors,
) -> impl IntoView {
    let options = options
        .into_iter()
        .enumerate()
        .map(|(i, card)| (i, card.value == value, card.value, card.label, card.text))
        .collect();
    group("radio", "choice-cards", name, legend, options, hint, errors)
}

/// A fieldset of radio buttons or check boxes. The first one carries the field's id, so that an
/// error summary can lead to it.
fn group(
    kind: &'static str,
    class: &'static str,
    name: String,
    legend: String,
    options: Vec<(usize, bool, String, String, String)>,
    hint: String,
    errors: FieldErrors,
) -> impl IntoView {
    let parts = FieldParts::new(&name, &errors, !hint.is_empty());
    let id = parts.id.clone();
    let inputs: Vec<_> = options
        .into_iter()
        .map(|(i, checked, value, label, text)| {
            let id = (i == 0).then(|| id.clone());
            view! {
                <label class="choice">
                    <input type=kind id=id name=name.clone() value=value checked=checked />
                    <span>
                        <span class=if text.is_empty() { "" } else { "label" }>{label}</span>
                        {(!text.is_empty()).then(|| view! { <span class="hint block">{text}</span> })}
                    </span>
                </label>
            }
        })
        .collect();
    view! {
        <fieldset class="field" aria-describedby=parts.described_by>
            <legend class="label mb-1.5">{legend}</legend>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            <div class=class>{inputs}</div>
            {parts.error.map(|error| view! { <ErrorText id=format!("{id}-error") error /> })}
        </fieldset>
    }
    .into_any()
}

/// From–to amounts with their currency. The three names are as they are sent, such as
/// `form[budget_min]`, `form[budget_max]`, `form[currency]`; an empty `currency_name` leaves the
/// currency out.
#[component]
pub fn MoneyRange(
    #[prop(into)] legend: String,
    #[prop(into)] min_name: String,
    #[prop(into)] max_name: String,
    #[prop(optional, into)] currency_name: String,
    #[prop(optional, into)] min: String,
    #[prop(optional, into)] max: String,
    #[prop(optional, into)] currency: String,
    #[prop(optional)] currencies: Vec<Choice>,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] errors: FieldErrors,
) -> impl IntoView {
    let low = FieldParts::new(&min_name, &errors, !hint.is_empty());
    let high = FieldParts::new(&max_name, &errors, false);
    let unit = FieldParts::new(&currency_name, &errors, false);
    let with_currency = !currency_name.is_empty();
    let (low_invalid, high_invalid, unit_invalid) = (low.invalid(), high.invalid(), unit.invalid());
    let error_lines: Vec<_> = [(&low, &low.error), (&high, &high.error), (&unit, &unit.error)]
        .into_iter()
        .filter_map(|(parts, error)| Some((format!("{}-error", parts.id), error.clone()?)))
        .map(|(id, error)| view! { <ErrorText id error /> })
        .collect();
    let hint_id = format!("{}-hint", low.id);
    view! {
        <fieldset class="field">
            <legend class="label mb-1.5">{legend}</legend>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <div class=if with_currency { "money-range money-range-with-currency" } else { "money-range" }>
                <input
                    class="control tabular-nums"
                    id=low.id
                    name=min_name
                    value=min
                    aria-label="From"
                    placeholder="from"
                    inputmode="decimal"
                    autocomplete="off"
                    maxlength="14"
                    aria-invalid=low_invalid
                    aria-describedby=low.described_by
                />
                <span aria-hidden="true">"–"</span>
                <input
                    class="control tabular-nums"
                    id=high.id
                    name=max_name
                    value=max
                    aria-label="To"
                    placeholder="to"
                    inputmode="decimal"
                    autocomplete="off"
                    maxlength="14"
                    aria-invalid=high_invalid
                    aria-describedby=high.described_by
                />
                {with_currency
                    .then(|| {
                        view! {
                            <select
                                class="control"
                                id=unit.id
                                name=currency_name
                                aria-label="Currency"
                                aria-invalid=unit_invalid
                                aria-describedby=unit.described_by
                            >
                                {select_options(currencies, &currency)}
                            </select>
                        }
                    })}
            </div>
            {error_lines}
        </fieldset>
    }
    .into_any()
}
