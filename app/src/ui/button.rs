use leptos::prelude::*;

/// How much a button asks for attention; one primary button a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    Primary,
    #[default]
    Secondary,
    Quiet,
    Danger,
}

/// The height of a button: 36, 44 or 52 px.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonSize {
    Small,
    #[default]
    Medium,
    Large,
}

fn class(kind: ButtonKind, size: ButtonSize) -> String {
    let kind = match kind {
        ButtonKind::Primary => "button button-primary",
        ButtonKind::Secondary => "button button-secondary",
        ButtonKind::Quiet => "button button-quiet",
        ButtonKind::Danger => "button button-danger",
    };
    let size = match size {
        ButtonSize::Small => " button-s",
        ButtonSize::Medium => "",
        ButtonSize::Large => " button-l",
    };
    [kind, size].concat()
}

/// A button; it submits the form around it unless `button_type` says otherwise. `name` and
/// `value` tell the server which of several buttons was pressed.
#[component]
pub fn Button(
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] size: ButtonSize,
    #[prop(default = "submit")] button_type: &'static str,
    #[prop(optional, into)] name: Option<String>,
    #[prop(optional, into)] value: Option<String>,
    #[prop(optional)] disabled: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <button class=class(kind, size) type=button_type name=name value=value disabled=disabled>
            {children()}
        </button>
    }
    .into_any()
}

/// A link that looks like a button, for going somewhere rather than doing something.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] size: ButtonSize,
    children: Children,
) -> impl IntoView {
    view! {
        <a class=class(kind, size) href=href>
            {children()}
        </a>
    }
    .into_any()
}
