use domain::FieldErrors;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts::{
    external::{self, Offer},
    second_factor::{self as factors, CheckUp},
};

use super::{
    held::{Held, HeldFields, SendNow, unsent},
    security::{FactorWays, RecoveryCodeForm},
    with::{ContinueWith, troubled},
};
use crate::{
    error::ApiError,
    page::{faults, page, query, refusal, refused},
    ssr,
    ui::*,
};

/// What comes back of a refused form; the password and the codes do not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    next: String,
}

/// Where one proves again who one is, before something that guards the account is changed.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    if let Some(held) = ssr::held() {
        return view! {
            <Title text="One step is left" />
            <SendNow held />
        }
        .into_any();
    }
    let services = ssr::services();
    let who = ssr::signed_in();
    let waits = Held::waiting().is_some();
    let trouble = query("trouble");
    let refused = refused::<Arguments>("/api/confirm");
    let (next, error) = match refused {
        Some(refused) => (refused.arguments.next, Some(refused.error)),
        None => (query("next"), None),
    };
    let error = error.or_else(|| refusal("/api/confirm_with"));
    page(async move {
        let who = who?;
        let account = factors::check_up(&services, &who).await?;
        let offers = external::connected_providers(&services, &who).await?;
        Ok(view! {
            <Title text="Is it you?" />
            <Confirm name=who.display_name account offers trouble next waits error />
        })
    })
    .into_any()
}

#[component]
fn Confirm(
    name: String,
    account: CheckUp,
    offers: Vec<Offer>,
    trouble: String,
    next: String,
    /// Whether a form waits for this.
    waits: bool,
    error: Option<ApiError>,
) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    // What stands at no field stands above all of them.
    let message = error.filter(|error| error.fields.is_empty()).map(|error| error.message);
    // A form does not come along to another site and back; its page then says so.
    let back = if waits { unsent(&next) } else { next.clone() };
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader
                title=format!("Is it you, {name}?")
                lede="What comes next guards your account. Confirm that it is you; for ten minutes we will not ask again."
            />
            {waits.then(|| view! { <div class="mb-6"><NothingDone /></div> })}
            {troubled(&trouble, &offers)}
            {message.map(|message| view! { <div class="mb-6"><Notice kind=NoticeKind::Error>{message}</Notice></div> })}
            {if account.factors.guard() {
                view! { <WithFactor account next errors /> }.into_any()
            } else if account.password_since.is_some() {
                let or = (!offers.is_empty()).then(|| view! { <p class="divider">"or"</p> });
                view! {
                    <WithPassword next errors />
                    {or}
                    <ContinueWith offers next=back action="/api/confirm_with" verb="Confirm with" />
                }
                .into_any()
            } else if offers.is_empty() {
                view! { <BySigningIn /> }.into_any()
            } else {
                view! { <ContinueWith offers next=back action="/api/confirm_with" verb="Confirm with" /> }.into_any()
            }}
        </div>
    }
    .into_any()
}

/// Tells who pressed a button elsewhere that it has done nothing so far.
#[component]
fn NothingDone() -> impl IntoView {
    view! {
        <Notice kind=NoticeKind::Warning title="Nothing has been changed yet.">
            "Confirm first that it is you, and then send it."
        </Notice>
    }
}

#[component]
fn WithPassword(next: String, errors: FieldErrors) -> impl IntoView {
    let (_, longest) = super::password_bounds();
    let error = (!errors.is_empty()).then(|| ApiError::invalid(errors.clone()));
    view! {
        <form class="form" method="post" action="/api/confirm">
            {faults(error.as_ref(), vec![("password", "Password")])}
            <input type="hidden" name="next" value=next />
            <HeldFields />
            <TextInput
                name="password"
                label="Password"
                input_type="password"
                autocomplete="current-password"
                max_length=longest
                errors=errors
            />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Go on"</Button>
            </div>
        </form>
    }
    .into_any()
}

/// Whoever has a second factor uses it: who found a browser open may know the password, too.
#[component]
fn WithFactor(account: CheckUp, next: String, errors: FieldErrors) -> impl IntoView {
    let open = errors.get("recovery_code").is_some();
    let recovery = (next.clone(), errors.clone());
    view! {
        <FactorWays
            action="/api/confirm"
            options="/api/passkey_confirm_options"
            passkey={account.factors.passkeys > 0}
            app=account.factors.app_since.is_some()
            next
            errors
        >
            {(account.factors.recovery_codes > 0)
                .then(|| {
                    let (next, errors) = recovery;
                    view! {
                        <details class="way" open=open>
                            <summary>"Not at hand? Use a recovery code"</summary>
                            <RecoveryCodeForm action="/api/confirm" next errors />
                        </details>
                    }
                })}
        </FactorWays>
    }
    .into_any()
}

/// For whoever has neither: signing in is a proof.
#[component]
fn BySigningIn() -> impl IntoView {
    view! {
        <p class="mb-6">"You sign in without a password of ours. Sign out, sign in again, and come back."</p>
        <form method="post" action="/api/sign_out">
            <Button kind=ButtonKind::Primary>"Sign out"</Button>
        </form>
    }
    .into_any()
}
