use domain::FieldErrors;
use leptos::prelude::*;

use super::field::field_id;

/// What is wrong with a form, above it: each line leads to its field. Renders nothing where there
/// are no errors.
#[component]
pub fn ErrorSummary(
    errors: FieldErrors,
    /// Field keys and what people call them, in the order of the form; a field that is not named
    /// here comes last under its message alone.
    #[prop(optional)]
    labels: Vec<(&'static str, &'static str)>,
    /// Whether the page opens with the focus here, so that keyboard and screen reader start at it.
    #[prop(default = true)]
    focus: bool,
) -> impl IntoView {
    if errors.is_empty() {
        return ().into_any();
    }
    let named = labels
        .iter()
        .filter_map(|(key, label)| Some(((*key).to_owned(), format!("{label}: {}", errors.get(key)?))));
    let rest = errors
        .iter()
        .filter(|(key, _)| !labels.iter().any(|(named, _)| named == key))
        .map(|(key, message)| (key.to_owned(), message.to_owned()));
    let lines: Vec<_> = named
        .chain(rest)
        .map(|(key, text)| view! { <li><a href=format!("#{}", field_id(&key))>{text}</a></li> })
        .collect();
    let heading = match errors.len() {
        1 => "One thing needs your attention".to_owned(),
        many => format!("{many} things need your attention"),
    };
    view! {
        <div class="error-summary" role="alert" tabindex="-1" id="errors" autofocus=focus>
            <h2>{heading}</h2>
            <ul>{lines}</ul>
        </div>
    }
    .into_any()
}
