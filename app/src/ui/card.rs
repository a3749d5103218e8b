use leptos::prelude::*;

/// A sheet of paper on the desk.
#[component]
pub fn Card(
    #[prop(optional, into)] title: String,
    /// No sheet behind it, only its edge.
    #[prop(optional)]
    plain: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <section class=if plain { "card card-plain" } else { "card" }>
            {(!title.is_empty()).then(|| view! { <h2 class="mb-3">{title}</h2> })}
            {children()}
        </section>
    }
    .into_any()
}

/// The heading of a page, a line about it, and its actions.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    #[prop(optional, into)] lede: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="page-header">
            <div>
                <h1>{title}</h1>
                {(!lede.is_empty()).then(|| view! { <p class="lede">{lede}</p> })}
            </div>
            {children.map(|children| view! { <div class="flex flex-wrap gap-3">{children()}</div> })}
        </div>
    }
    .into_any()
}

/// A figure and what it counts.
#[component]
pub fn Stat(#[prop(into)] value: String, #[prop(into)] label: String) -> impl IntoView {
    view! {
        <div class="stat">
            <span class="stat-value">{value}</span>
            <span class="stat-label">{label}</span>
        </div>
    }
    .into_any()
}

/// Plain text as people typed it: a paragraph for each blank line, line breaks kept.
#[component]
pub fn Prose(#[prop(into)] text: String) -> impl IntoView {
    let paragraphs: Vec<_> = text
        .split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| view! { <p>{paragraph.to_owned()}</p> })
        .collect();
    view! { <div class="prose">{paragraphs}</div> }.into_any()
}

/// Short facts under their names.
#[component]
pub fn Facts(facts: Vec<(&'static str, String)>) -> impl IntoView {
    let rows: Vec<_> =
        facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect();
    view! { <dl class="facts">{rows}</dl> }.into_any()
}

/// Numbered steps; `current` (from 0) marks where one stands.
#[component]
pub fn Steps(steps: Vec<(String, String)>, #[prop(optional, into)] current: Option<usize>) -> impl IntoView {
    let steps: Vec<_> = steps
        .into_iter()
        .enumerate()
        .map(|(i, (title, text))| {
            view! {
                <li aria-current=(current == Some(i)).then_some("step")>
                    <span class="step-number">{i + 1}</span>
                    <h3>{title}</h3>
                    <p class="hint mt-1">{text}</p>
                </li>
            }
        })
        .collect();
    view! { <ol class="steps">{steps}</ol> }.into_any()
}

/// The way to this page: (text, address); the last one is the page itself and no link.
#[component]
pub fn Breadcrumb(trail: Vec<(String, String)>) -> impl IntoView {
    let last = trail.len().saturating_sub(1);
    let items: Vec<_> = trail
        .into_iter()
        .enumerate()
        .map(|(i, (text, href))| {
            if i == last {
                view! { <li aria-current="page">{text}</li> }.into_any()
            } else {
                view! { <li><a href=href>{text}</a></li> }.into_any()
            }
        })
        .collect();
    view! {
        <nav aria-label="Breadcrumb">
            <ol class="breadcrumb">{items}</ol>
        </nav>
    }
    .into_any()
}
