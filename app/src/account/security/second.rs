use domain::account::FirstFactor;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts::second_factor::{self as factors, Pending};

use super::factor_forms::{CodeFaults, FactorWays, RecoveryCodeForm};
use crate::{
    error::ApiError,
    mailbox::MailboxHint,
    page::{go, page, query, refused, success},
    ssr,
    ui::*,
};

/// What comes back of a refused form; the codes do not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    next: String,
    trust: String,
}

/// What the forms of this page carry, and what was said when one was sent before.
#[derive(Clone)]
struct Carried {
    next: String,
    /// Whether the browser is to be trusted; none where nobody has said so yet.
    trust: Option<bool>,
    /// Whether a code was just asked for.
    sent: bool,
}

/// Where one gives the second factor to sign in.
#[component]
pub fn SecondFactorPage() -> impl IntoView {
    let services = ssr::services();
    let token = ssr::pending();
    ssr::private();
    let refused = refused::<Arguments>("/api/second_factor").or_else(|| refused("/api/send_sign_in_code"));
    let (carried, error) = match refused {
        Some(refused) => {
            let Arguments { next, trust } = refused.arguments;
            (Carried { next, trust: Some(!trust.is_empty()), sent: false }, Some(refused.error))
        }
        None => {
            // An address can take the trust away alone: nobody leads a person to more of it than they gave.
            let trust = (query("trust") == "no").then_some(false);
            (Carried { next: query("next"), trust, sent: query("sent") == "1" }, None)
        }
    };
    page(async move {
        let Some(pending) = factors::pending(&services, &token).await? else {
            go(if token.is_empty() { "/sign-in" } else { "/sign-in?again=1" });
            return Ok(().into_any());
        };
        Ok(view! {
            <Title text="Second step" />
            <Second pending carried error />
        }
        .into_any())
    })
}

#[component]
fn Second(pending: Pending, carried: Carried, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    // What stands at no field stands above all of them.
    let message = error.filter(|error| error.fields.is_empty()).map(|error| error.message);
    let (first, stand_ins) = (pending.passkey || pending.app, pending.recovery || pending.email);
    let emailed = pending.email_codes_sent > 0;
    let open = errors.get("recovery_code").is_some() || emailed || !first;
    let told = told(&pending, &carried);
    if !pending.guarded {
        return view! { <NewBrowser pending carried told message errors /> }.into_any();
    }
    let next = carried.next.clone();
    let lede = match pending.first_factor {
        FirstFactor::EmailLink => {
            "Your new password is set. Your account has a second factor, so that it alone opens nothing."
        }
        _ => "Your account has a second factor, so that a password alone opens nothing.",
    };
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader title="One more step" lede />
            {message.map(|message| view! { <div class="mb-6"><Notice kind=NoticeKind::Error>{message}</Notice></div> })}
            {success(told)}
            <FactorWays
                action="/api/second_factor"
                options="/api/passkey_second_options"
                passkey=pending.passkey
                app=pending.app
                may_trust=pending.may_trust
                trust=carried.trust.unwrap_or(false)
                quiet=carried.sent
                next=next.clone()
                errors=errors.clone()
            >
                {stand_ins
                    .then(|| {
                        view! {
                            <details class="way" open=open>
                                <summary>"Not at hand? Other ways in"</summary>
                                {pending.email.then(|| view! { <EmailWay carried emailed errors=errors.clone() /> })}
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

/// That a code is on its way which was just asked for.
fn told(pending: &Pending, carried: &Carried) -> Option<&'static str> {
    match (carried.sent, pending.email_codes_sent) {
        (false, _) | (true, ..1) => None,
        (true, 1) => Some("A code is on its way."),
        (true, 2..) => Some("Another code is on its way; only the newest works."),
    }
}

/// For who has no second factor: a code was sent already.
#[component]
fn NewBrowser(
    pending: Pending,
    carried: Carried,
    told: Option<&'static str>,
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
            {success(told)}
            <CodeFaults errors=errors.clone() />
            <div class="ways">
                <section class="way">
                    <EmailWay carried emailed=true alone=true may_trust=pending.may_trust errors />
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
    carried: Carried,
    emailed: bool,
    /// Whether there is no other way.
    #[prop(optional)]
    alone: bool,
    /// Whether the browser may be called one's own.
    #[prop(optional)]
    may_trust: bool,
    errors: domain::FieldErrors,
) -> impl IntoView {
    let Carried { next, trust, sent } = carried;
    if !emailed {
        return view! {
            <form method="post" action="/api/send_sign_in_code">
                <input type="hidden" name="next" value=next />
                <Button>"Send me a code by e-mail"</Button>
            </form>
        }
        .into_any();
    }
    view! {
        <MailboxHint />
        <form class="form" method="post" action="/api/second_factor">
            <input type="hidden" name="next" value=next />
            <TextInput
                name="email_code"
                label="Code from our letter"
                hint="Eight digits, good for ten minutes."
                autocomplete="one-time-code"
                inputmode="numeric"
                max_length=20_u32
                autofocus=alone || sent
                errors
            />
            {may_trust
                .then(|| {
                    let checked = trust.unwrap_or(true);
                    view! { <Checkbox name="trust" label="This is my browser; do not ask here for 30 days" checked /> }
                })}
            <div class="flex flex-wrap gap-3">
                <Button kind=if alone { ButtonKind::Primary } else { ButtonKind::Secondary }>"Use this code"</Button>
                // Within the same form, so that what was said of the browser comes along.
                <button
                    class="button button-quiet"
                    type="submit"
                    formaction="/api/send_sign_in_code"
                    formnovalidate
                >
                    "Send another code"
                </button>
            </div>
        </form>
    }
    .into_any()
}
