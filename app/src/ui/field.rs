use domain::FieldErrors;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// A value of a select, a radio group or a check-box group, and what people read for it.
pub type Choice = (String, String);

/// The values of a domain enum as choices: `choices(Region::ALL, Region::as_str, Region::label)`.
pub fn choices<T: Copy>(
    all: &[T],
    value: impl Fn(T) -> &'static str,
    label: impl Fn(T) -> &'static str,
) -> Vec<Choice> {
    all.iter().map(|&one| (value(one).to_owned(), label(one).to_owned())).collect()
}

/// The key under which a field's error is kept: `form[title]` → `title`, `form[skills][0][name]` →
/// `skills.0.name`, `q` → `q`.
pub fn field_key(name: &str) -> String {
    match name.split_once('[') {
        Some((_, inner)) => inner.trim_end_matches(']').replace("][", ".").trim_end_matches('.').to_owned(),
        None => name.to_owned(),
    }
}

/// The id of the control that belongs to an error key; what an error summary links to.
pub fn field_id(key: &str) -> String {
    format!("f-{}", key.replace('.', "-"))
}

/// The parts of a field that are the same for every kind of control.
pub(super) struct FieldParts {
    pub id: String,
    pub error: Option<String>,
    /// For `aria-describedby`: the ids of hint and error, where there are any.
    pub described_by: Option<String>,
}

impl FieldParts {
    pub(super) fn new(name: &str, errors: &FieldErrors, has_hint: bool) -> Self {
        let key = field_key(name);
        let id = field_id(&key);
        let error = errors.get(&key).map(str::to_owned);
        let described_by = match (has_hint, error.is_some()) {
            (true, true) => Some(format!("{id}-hint {id}-error")),
            (true, false) => Some(format!("{id}-hint")),
            (false, true) => Some(format!("{id}-error")),
            (false, false) => None,
        };
        Self { id, error, described_by }
    }

    pub(super) fn invalid(&self) -> Option<&'static str> {
        self.error.is_some().then_some("true")
    }
}

/// Label, hint, control and error in their order. Controls of one's own can be put in as
/// children; they take `id=field_id(key)` themselves.
#[component]
pub fn Field(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional_no_strip)] error: Option<String>,
    /// Optional fields say so; required ones are the rule and carry no mark.
    #[prop(default = true)]
    required: bool,
    children: Children,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    view! {
        <div class="field">
            <label class="label" for=id>
                {label}
                {(!required).then(|| view! { <span class="optional">" (optional)"</span> })}
            </label>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            {children()}
            {error.map(|error| view! { <ErrorText id=error_id error /> })}
        </div>
    }
    .into_any()
}

/// One field's fault, below its control.
#[component]
pub fn ErrorText(id: String, error: String) -> impl IntoView {
    view! {
        <p class="error" id=id>
            <Icon glyph=Glyph::Warning />
            <span>{error}</span>
        </p>
    }
    .into_any()
}

/// A line of text. `input_type` is any text-like type: text, email, password, search, url, date.
#[component]
pub fn TextInput(
    /// As it is sent: `form[title]`.
    #[prop(into)]
    name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] errors: FieldErrors,
    #[prop(default = "text")] input_type: &'static str,
    #[prop(default = true)] required: bool,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional, into)] autocomplete: Option<String>,
    #[prop(optional, into)] min_length: Option<u32>,
    #[prop(optional, into)] max_length: Option<u32>,
    #[prop(optional)] autofocus: bool,
    /// Which keyboard a phone shows: `numeric`.
    #[prop(optional, into)]
    inputmode: Option<String>,
    /// The id of a `<datalist>` on the page.
    #[prop(optional, into)]
    list: Option<String>,
) -> impl IntoView {
    let parts = FieldParts::new(&name, &errors, !hint.is_empty());
    let invalid = parts.invalid();
    view! {
        <Field id=parts.id.clone() label hint error=parts.error required>
            <input
                class="control"
                id=parts.id
                type=input_type
                name=name
                value=value
                placeholder=placeholder
                autocomplete=autocomplete
                minlength=min_length
                maxlength=max_length
                autofocus=autofocus
                inputmode=inputmode
                list=list
                required=required
                aria-invalid=invalid
                aria-describedby=parts.described_by
            />
        </Field>
    }
    .into_any()
}

/// A number; text on the wire, so that what was typed comes back unchanged. `prefix` stands before
/// the control ("$"), `suffix` behind it ("hours").
#[component]
pub fn NumberInput(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] errors: FieldErrors,
    #[prop(default = true)] required: bool,
    #[prop(optional, into)] prefix: Option<String>,
    #[prop(optional, into)] suffix: Option<String>,
    /// Whether decimals are welcome; decides which keyboard a phone shows.
    #[prop(optional)]
    decimal: bool,
    #[prop(optional, into)] placeholder: Option<String>,
) -> impl IntoView {
    let parts = FieldParts::new(&name, &errors, !hint.is_empty());
    let invalid = parts.invalid();
    let with_affix = prefix.is_some() || suffix.is_some();
    let input = view! {
        <input
            class="control tabular-nums"
            id=parts.id.clone()
            type="text"
            inputmode=if decimal { "decimal" } else { "numeric" }
            autocomplete="off"
            maxlength="14"
            name=name
            value=value
            placeholder=placeholder
            required=required
            aria-invalid=invalid
            aria-describedby=parts.described_by
        />
    };
    view! {
        <Field id=parts.id label hint error=parts.error required>
            <div class=if with_affix { "affix control-short" } else { "control-short" }>
                {prefix.map(|text| view! { <span class="affix-text">{text}</span> })}
                {input}
                {suffix.map(|text| view! { <span class="affix-text">{text}</span> })}
            </div>
        </Field>
    }
    .into_any()
}

/// One of several values. `empty` is what stands for no choice, such as "Any region".
#[component]
pub fn Select(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    options: Vec<Choice>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] empty: Option<String>,
    #[prop(optional, into)] hint: String,
    #[prop(optional)] errors: FieldErrors,
    #[prop(default = true)] required: bool,
) -> impl IntoView {
    let parts = FieldParts::new(&name, &errors, !hint.is_empty());
    let invalid = parts.invalid();
    view! {
        <Field id=parts.id.clone() label hint error=parts.error required>
            <select
                class="control"
                id=parts.id
                name=name
                required=required
                aria-invalid=invalid
                aria-describedby=parts.described_by
            >
                {empty.map(|empty| view! { <option value="">{empty}</option> })}
                {select_options(options, &value)}
            </select>
        </Field>
    }
    .into_any()
}

pub(super) fn select_options(options: Vec<Choice>, value: &str) -> Vec<AnyView> {
    options
        .into_iter()
        .map(|(option, label)| {
            let selected = option == value;
            view! { <option value=option selected=selected>{label}</option> }.into_any()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_finds_its_error_by_its_name() {
        assert_eq!(field_key("form[title]"), "title");
        assert_eq!(field_key("form[skills][0][name]"), "skills.0.name");
        assert_eq!(field_key("form[regions][]"), "regions");
        assert_eq!(field_key("q"), "q");
        let parts = FieldParts::new("form[title]", &FieldErrors::one("title", "Too short."), true);
        assert_eq!(parts.error.as_deref(), Some("Too short."));
        assert_eq!(parts.described_by.as_deref(), Some("f-title-hint f-title-error"));
    }
}
