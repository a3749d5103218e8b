use domain::FieldErrors;
use leptos::prelude::*;

use super::passkey_form::{Passkey, PasskeyForm};
use crate::{account::HeldFields, ui::*};

/// The fields of these forms. A fault of a passkey stands beside its button, for there is no field.
const LABELS: &[(&str, &str)] = &[
    ("code", "Code of your app"),
    ("email_code", "Code from our letter"),
    ("recovery_code", "Recovery code"),
];

/// What is wrong with a code, above all forms that take one.
#[component]
pub fn CodeFaults(errors: FieldErrors) -> impl IntoView {
    let at_fields = LABELS.iter().any(|(field, _)| errors.get(field).is_some());
    at_fields.then(|| view! { <ErrorSummary errors labels=LABELS.to_vec() /> })
}

/// The second factors that somebody has, each with its form; the children are what stands in for them.
#[component]
pub fn FactorWays(
    /// The server function that takes the answer.
    action: &'static str,
    /// The one that says what a passkey is to sign.
    options: &'static str,
    passkey: bool,
    app: bool,
    /// Whether the browser may be spared the question from now on.
    #[prop(optional)]
    may_trust: bool,
    /// Whether its owner has said so already.
    #[prop(optional)]
    trust: bool,
    /// Whether the page opens with the focus elsewhere than at the code.
    #[prop(optional)]
    quiet: bool,
    next: String,
    errors: FieldErrors,
    children: Children,
) -> impl IntoView {
    view! {
        <CodeFaults errors=errors.clone() />
        <div class="ways">
            {passkey
                .then(|| {
                    let next = next.clone();
                    view! {
                        <section class="way">
                            <h2>"Passkey"</h2>
                            <PasskeyForm
                                kind=Passkey::Get
                                action
                                options
                                label="Use a passkey"
                                button=if app { ButtonKind::Secondary } else { ButtonKind::Primary }
                                errors=errors.clone()
                            >
                                <input type="hidden" name="next" value=next />
                                <HeldFields />
                                {may_trust.then(|| view! { <TrustBox trust /> })}
                            </PasskeyForm>
                        </section>
                    }
                })}
            {app
                .then(|| {
                    view! {
                        <section class="way">
                            <h2>"Authenticator app"</h2>
                            <AppCodeForm action next may_trust trust quiet errors />
                        </section>
                    }
                })}
            {children()}
        </div>
    }
    .into_any()
}

/// The code of an authenticator app, as a form of its own.
#[component]
fn AppCodeForm(
    action: &'static str,
    next: String,
    may_trust: bool,
    trust: bool,
    quiet: bool,
    errors: FieldErrors,
) -> impl IntoView {
    view! {
        <form class="form" method="post" action=action>
            <input type="hidden" name="next" value=next />
            <HeldFields />
            <TextInput
                name="code"
                label="Code of your authenticator app"
                hint="Six digits; a new one comes every 30 seconds."
                autocomplete="one-time-code"
                inputmode="numeric"
                max_length=12_u32
                autofocus=!quiet
                errors
            />
            {may_trust.then(|| view! { <TrustBox trust /> })}
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Go on"</Button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn TrustBox(trust: bool) -> impl IntoView {
    view! { <Checkbox name="trust" label="Trust this browser for 30 days" checked=trust /> }.into_any()
}

/// A recovery code, as a form of its own.
#[component]
pub fn RecoveryCodeForm(action: &'static str, next: String, errors: FieldErrors) -> impl IntoView {
    view! {
        <form class="form" method="post" action=action>
            <input type="hidden" name="next" value=next />
            <HeldFields />
            <TextInput
                name="recovery_code"
                label="One of your recovery codes"
                hint="Each works once. Case, spaces and hyphens do not matter."
                autocomplete="off"
                max_length=60_u32
                errors
            />
            <div>
                <Button>"Use this recovery code"</Button>
            </div>
        </form>
    }
    .into_any()
}
