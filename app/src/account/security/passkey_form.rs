use domain::FieldErrors;
use leptos::{nonce::use_nonce, prelude::*};

use crate::{ssr, ui::*};

/// The script of the forms below. It is part of the page, so that it never differs from what the
/// page expects of it.
const SCRIPT: &str = include_str!("passkeys.js");

/// What a form with a passkey does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passkey {
    Create,
    Get,
}

/// A form that a passkey answers. It shows itself where the browser has passkeys and JavaScript.
#[component]
pub fn PasskeyForm(
    kind: Passkey,
    /// Where the form goes.
    action: &'static str,
    /// The server function that says what is to be signed.
    options: &'static str,
    label: &'static str,
    #[prop(optional)] button: ButtonKind,
    #[prop(optional)] errors: FieldErrors,
    /// Further fields.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    if let Some(origin) = ssr::passkeys_elsewhere() {
        let text = origin.trim_start_matches("http://").to_owned();
        return view! {
            <p class="hint">
                "Browsers allow passkeys to no number for an address. Open " <a href=origin>{text}</a>
                " instead, and sign in there."
            </p>
        }
        .into_any();
    }
    let kind = if kind == Passkey::Create { "create" } else { "get" };
    let fault = errors.get("passkey").map(str::to_owned);
    let quiet = fault.is_none();
    view! {
        <form class="form passkey-form" method="post" action=action data-passkey=kind data-options=options hidden>
            <input type="hidden" name="answer" />
            {children.map(|children| children())}
            <div>
                <Button kind=button>{label}</Button>
            </div>
            <p class="error" role="alert" data-fault="" hidden=quiet>
                {fault}
            </p>
        </form>
        <noscript>
            <p class="hint">"Passkeys need JavaScript, which is switched off in your browser."</p>
        </noscript>
        <script nonce=use_nonce() inner_html=SCRIPT></script>
    }
    .into_any()
}
