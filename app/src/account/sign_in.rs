use domain::{FieldErrors, account::SignInForm};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts::external::{self, Offer};

use super::{
    security::{Passkey, PasskeyForm},
    with::{ContinueWith, troubled},
};
use crate::{
    error::ApiError,
    page::{encode, faults, go, query, refusal, refused},
    ssr,
    ui::*,
};

/// An account of the demonstration that everybody may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoAccount {
    /// What it is for: "a client".
    pub role: String,
    pub email: String,
    pub password: String,
}

/// The accounts that the sign-in page offers. The server provides them where it shows the
/// demonstration, and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoAccounts(pub Vec<DemoAccount>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: SignInForm,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PasskeyArguments {
    next: String,
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let next = query("next");
    let passkey = refused::<PasskeyArguments>("/api/passkey_sign_in");
    let refused = refused::<Arguments>("/api/sign_in")
        .or_else(|| refused::<Arguments>("/api/continue_with_organisation"));
    // A refused form is shown even to somebody who is signed in, by another window perhaps.
    if refused.is_none() && passkey.is_none() && ssr::viewer().is_some() {
        go(&next);
        return ().into_any();
    }
    let (form, error) = match refused {
        Some(refused) => (refused.arguments.form, Some(refused.error)),
        None => {
            let next = passkey.as_ref().map_or(next, |refused| refused.arguments.next.clone());
            (SignInForm { next, ..SignInForm::default() }, None)
        }
    };
    let passkey_errors = passkey.map(|refused| refused.error.fields).unwrap_or_default();
    let again = query("again") == "1" && error.is_none();
    let demo = use_context::<DemoAccounts>().unwrap_or_default();
    // What went wrong with another site is shown here, too.
    let error = error.or_else(|| refusal("/api/continue_with"));
    let offers = external::offers(&ssr::services());
    let trouble = query("trouble");
    view! {
        <Title text="Sign in" />
        <SignIn form error demo offers trouble passkey_errors again />
    }
    .into_any()
}

#[component]
fn SignIn(
    form: SignInForm,
    error: Option<ApiError>,
    demo: DemoAccounts,
    offers: Vec<Offer>,
    trouble: String,
    #[prop(optional)] passkey_errors: FieldErrors,
    /// The sign-in before this one came to nothing.
    #[prop(optional)]
    again: bool,
) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let (_, longest) = super::password_bounds();
    let on_the_way = |page: &str| match form.next.as_str() {
        "" => page.to_owned(),
        next => format!("{page}?next={}", encode(next)),
    };
    let (sign_up, forgotten) = (on_the_way("/sign-up"), on_the_way("/forgotten"));
    let sent_here = error.is_none() && trouble.is_empty() && !matches!(form.next.as_str(), "" | "/");
    let insecure = !ssr::keeps_sessions();
    let demo = (!demo.0.is_empty()).then(|| view! { <Demo accounts=demo next=form.next.clone() /> });
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader title="Sign in" />
            {sent_here
                .then(|| view! { <div class="mb-6"><Notice>"Please sign in to go on to that page."</Notice></div> })}
            {again
                .then(|| {
                    view! {
                        <div class="mb-6">
                            <Notice kind=NoticeKind::Warning>
                                "That sign-in took too long, or had too many wrong codes. Please begin again."
                            </Notice>
                        </div>
                    }
                })}
            {insecure
                .then(|| {
                    view! {
                        <div class="mb-6">
                            <Notice kind=NoticeKind::Warning>
                                "If the address of this page begins with http://, your browser will keep nobody signed in. Please open the site by https."
                            </Notice>
                        </div>
                    }
                })}
            {troubled(&trouble, &offers)}
            <ContinueWith offers next=form.next.clone() otherwise="or with your e-mail address" />
            <form class="form" method="post" action="/api/sign_in">
                {faults(error.as_ref(), vec![("email", "E-mail address"), ("password", "Sign-in")])}
                <input type="hidden" name="form[next]" value=form.next.clone() />
                <TextInput
                    name="form[email]"
                    label="E-mail address"
                    input_type="email"
                    value=form.email
                    autocomplete="username"
                    max_length=254_u32
                    errors=errors.clone()
                />
                <TextInput
                    name="form[password]"
                    label="Password"
                    input_type="password"
                    autocomplete="current-password"
                    max_length=longest
                    errors=errors
                />
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary size=ButtonSize::Large>"Sign in"</Button>
                    // It needs the address alone.
                    <button
                        class="button button-quiet button-l"
                        type="submit"
                        formaction="/api/continue_with_organisation"
                        formnovalidate
                    >
                        "Sign in with your organisation"
                    </button>
                </div>
            </form>
            {ssr::passkeys_elsewhere()
                .is_none()
                .then(|| {
                    view! {
                        <div class="or">
                            <PasskeyForm
                                kind=Passkey::Get
                                action="/api/passkey_sign_in"
                                options="/api/passkey_sign_in_options"
                                label="Sign in with a passkey"
                                errors=passkey_errors
                            >
                                <input type="hidden" name="next" value=form.next />
                            </PasskeyForm>
                        </div>
                    }
                })}
            <p class="mt-6">
                <a href=forgotten>"Forgotten your password?"</a>
            </p>
            <p class="mt-2">"New here? " <a href=sign_up>"Create an account"</a></p>
            {demo}
        </div>
    }
    .into_any()
}

/// The accounts of the demonstration, a button each.
#[component]
fn Demo(accounts: DemoAccounts, next: String) -> impl IntoView {
    let rows: Vec<_> = accounts
        .0
        .into_iter()
        .map(|account| {
            view! {
                <li class="flex flex-wrap items-center justify-between gap-3 border-t border-line py-3">
                    <div class="min-w-0">
                        <p class="label">{account.email.clone()}</p>
                        <p class="hint">"Password: " <code>{account.password.clone()}</code></p>
                    </div>
                    <form method="post" action="/api/sign_in">
                        <input type="hidden" name="form[next]" value=next.clone() />
                        <input type="hidden" name="form[email]" value=account.email />
                        <input type="hidden" name="form[password]" value=account.password />
                        <Button size=ButtonSize::Small>{format!("Enter as {}", account.role)}</Button>
                    </form>
                </li>
            }
        })
        .collect();
    view! {
        <section class="card mt-8" aria-labelledby="demo">
            <h2 id="demo">"Look around"</h2>
            <p class="hint mt-1 mb-3">"This is a demonstration with made-up people and jobs. These two accounts are open to everybody."</p>
            <ul>{rows}</ul>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(form: SignInForm, error: Option<ApiError>, demo: DemoAccounts) -> String {
        Owner::new().with(|| {
            let (offers, trouble) = (Vec::new(), String::new());
            view! { <SignIn form error demo offers trouble /> }.to_html()
        })
    }

    #[test]
    fn a_wrong_password_is_not_sent_back_and_the_way_on_is_kept() {
        let form = SignInForm {
            email: "ines@example.com".into(),
            password: "correct horse battery".into(),
            next: r#"/jobs?q="><script>"#.into(),
        };
        let error = ApiError::invalid(FieldErrors::one("password", "That is not right."));
        let html = html(form, Some(error), DemoAccounts::default());
        assert!(!html.contains("correct horse"), "{html}");
        assert!(!html.contains(r#""><script>"#), "{html}");
        assert!(html.contains("ines@example.com") && html.contains("That is not right."), "{html}");
    }

    #[test]
    fn demonstration_accounts_are_shown_only_where_there_are_any() {
        assert!(!html(SignInForm::default(), None, DemoAccounts::default()).contains("demonstration"));
        let account = DemoAccount {
            role: "a client".into(),
            email: "client@demo.example".into(),
            password: "open to everybody".into(),
        };
        let html = html(SignInForm::default(), None, DemoAccounts(vec![account]));
        assert!(html.contains("Enter as a client") && html.contains("client@demo.example"), "{html}");
    }
}
