use domain::FieldErrors;
use leptos::prelude::*;

use crate::ui::*;

/// The code of an authenticator app, as a form of its own.
#[component]
pub fn AppCodeForm(
    action: &'static str,
    next: String,
    #[prop(optional)] may_trust: bool,
    errors: FieldErrors,
) -> impl IntoView {
    view! {
        <form class="form" method="post" action=action>
            <input type="hidden" name="next" value=next />
            <TextInput
                name="code"
                label="Code of your authenticator app"
                hint="Six digits; a new one comes every 30 seconds."
                autocomplete="one-time-code"
                inputmode="numeric"
                max_length=12_u32
                autofocus=true
                errors
            />
            {may_trust.then(|| view! { <TrustBox /> })}
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Go on"</Button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
pub fn TrustBox() -> impl IntoView {
    view! { <Checkbox name="trust" label="Trust this browser for 30 days" /> }.into_any()
}

/// A recovery code, as a form of its own.
#[component]
pub fn RecoveryCodeForm(action: &'static str, next: String, errors: FieldErrors) -> impl IntoView {
    view! {
        <form class="form" method="post" action=action>
            <input type="hidden" name="next" value=next />
            <TextInput
                name="recovery_code"
                label="One of your recovery codes"
                hint="Each works once. Case, spaces and hyphens do not matter."
                autocomplete="off"
                max_length=60_u32
                errors
            />
            <div>
                <Button>"Use this code"</Button>
            </div>
        </form>
    }
    .into_any()
}
