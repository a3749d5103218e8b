use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts::second_factor::{self as factors, Pending};

use super::factor_forms::{FactorWays, RecoveryCodeForm};
use crate::{
    error::ApiError,
    page::{go, page, query, refused},
    ssr,
    ui::*,
};

/// What comes back of a refused form; the codes do not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    next: String,
}

/// Where one gives the second factor to sign in.
#[component]
pub fn SecondFactorPage() -> impl IntoView {
    let services = ssr::services();
    let token = ssr::pending();
    ssr::private();
    let refused = refused::<Arguments>("/api/second_factor").or_else(|| refused("/api/send_sign_in_code"));
    let (next, error) = match refused {
        Some(refused) => (refused.arguments.next, Some(refused.error)),
        None => (query("next"), None),
    };
    page(async move {
        let Some(pending) = factors::pending(&services, &token).await? else {
            go(if token.is_empty() { "/sign-in" } else { "/sign-in?again=1" });
            return Ok(().into_any());
        };
        Ok(view! {
            <Title text="Second step" />
            <Second pending next error />
        }
        .into_any())
    })
}

#[component]
fn Second(pending: Pending, next: String, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    // What stands at no field stands above all of them.
    let message = error.filter(|error| error.fields.is_empty()).map(|error| error.message);
    let (first, stand_ins) = (pending.passkey || pending.app, pending.recovery || pending.email);
    let open = errors.get("recovery_code").is_some() || pending.email_sent || !first;
    if !pending.guarded {
        return view! { <NewBrowser pending next message errors /> }.into_any();
    }
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader
                title="One more step"
                lede="Your account has a second factor, so that a password alone opens nothing."
            />
            {message.map(|message| view! { <div class="mb-6"><Notice kind=NoticeKind::Error>{message}</Notice></div> })}
            <FactorWays
                action="/api/second_factor"
                options="/api/passkey_second_options"
                passkey=pending.passkey
                app=pending.app
                may_trust=pending.may_trust
                next=next.clone()
                errors=errors.clone()
            >
                {stand_ins
                    .then(|| {
                        view! {
                            <details class="way" open=open>
                                <summary>"Not at hand? Other ways in"</summary>
                                {pending.email.then(|| view! { <EmailWay next=next.clone() sent=pending.email_sent errors=errors.clone() /> })}
                                {pending
                                    .recovery
                                    .then(|| {
                                        view! {
                                            <RecoveryCodeForm
                                                action="/api/second_factor"
                                                next=next.clone()
                                                errors=errors.clone()
                                            />
                                        }
                                    })}
                            </details>
                        }
                    })}
            </FactorWays>
            <p class="mt-6">
                <a href="/sign-in">"Begin again with another account"</a>
            </p>
        </div>
    }
    .into_any()
}

/// For who has no second factor: a code was sent already.
#[component]
fn NewBrowser(
    pending: Pending,
    next: String,
    message: Option<String>,
    errors: domain::FieldErrors,
) -> impl IntoView {
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader
                title="Is it you?"
                lede="We do not know this browser as yours yet. To be sure, we have just sent a code to your e-mail address."
            />
            {message.map(|message| view! { <div class="mb-6"><Notice kind=NoticeKind::Error>{message}</Notice></div> })}
            <div class="ways">
                <section class="way">
                    <EmailWay next sent=true alone=true may_trust=pending.may_trust errors />
                </section>
            </div>
            <p class="mt-6">
                <a href="/sign-in">"Begin again with another account"</a>
            </p>
        </div>
    }
    .into_any()
}

/// A code that is sent on request, and the field to type it in.
#[component]
fn EmailWay(
    next: String,
    sent: bool,
    /// Whether there is no other way.
    #[prop(optional)]
    alone: bool,
    /// Whether the browser may be called one's own.
    #[prop(optional)]
    may_trust: bool,
    errors: domain::FieldErrors,
) -> impl IntoView {
    let send = if sent { "Send another code" } else { "Send me a code by e-mail" };
    view! {
        {sent
            .then(|| {
                view! {
                    <form class="form" method="post" action="/api/second_factor">
                        <input type="hidden" name="next" value=next.clone() />
                        <TextInput
                            name="email_code"
                            label="Code from our letter"
                            hint="Eight digits, good for ten minutes."
                            autocomplete="one-time-code"
                            inputmode="numeric"
                            max_length=20_u32
                            errors
                        />
                        {may_trust
                            .then(|| view! { <Checkbox name="trust" label="This is my browser; do not ask here for 30 days" checked=true /> })}
                        <div>
                            <Button kind=if alone { ButtonKind::Primary } else { ButtonKind::Secondary }>
                                "Use this code"
                            </Button>
                        </div>
                    </form>
                }
            })}
        <form method="post" action="/api/send_sign_in_code">
            <input type="hidden" name="next" value=next />
            <Button>{send}</Button>
        </form>
    }
    .into_any()
}
