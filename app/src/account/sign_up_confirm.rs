use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts::{self, SignUpLink};

use super::new_password_field;
use crate::{
    error::ApiError,
    page::{faults, page, refusal},
    ssr,
    ui::*,
};

/// Where the link of a sign-up leads. Opening it does nothing yet, for programs that look through
/// mail open links as well.
#[component]
pub fn ConfirmSignUpPage() -> impl IntoView {
    let Some(link) = ssr::link("/sign-up/confirm") else { return ().into_any() };
    let services = ssr::services();
    let browser = ssr::signing_up();
    let error = refusal("/api/confirm_sign_up");
    page(async move {
        let led = accounts::sign_up_link(&services, &link, &browser).await?;
        Ok(view! {
            <Title text="Confirm your address" />
            <div class="max-w-lg mx-auto">
                <Led led error />
            </div>
        })
    })
    .into_any()
}

#[component]
fn Led(led: SignUpLink, error: Option<ApiError>) -> impl IntoView {
    match led {
        SignUpLink::Good { email, display_name, elsewhere } => {
            view! { <Good email display_name elsewhere error /> }.into_any()
        }
        SignUpLink::Old { email } => {
            view! {
                <PageHeader
                    title="This link is too old"
                    lede=format!("Links are good for a day. We send another one to {email}.")
                />
                <form method="post" action="/api/send_sign_up_again">
                    <Button kind=ButtonKind::Primary>"Send another letter"</Button>
                </form>
            }
            .into_any()
        }
        SignUpLink::Unknown => {
            view! {
                <PageHeader
                    title="This link does not work any more"
                    lede="It was used already, or a newer letter has taken its place. If you have confirmed your address, just sign in."
                />
                {faults(error.as_ref(), Vec::new())}
                <div class="flex flex-wrap gap-3 mt-6">
                    <LinkButton href="/sign-in" kind=ButtonKind::Primary>"Sign in"</LinkButton>
                    <LinkButton href="/sign-up">"Sign up"</LinkButton>
                </div>
            }
            .into_any()
        }
    }
}

#[component]
fn Good(email: String, display_name: String, elsewhere: bool, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let lede = if elsewhere {
        "You signed up in another browser, or somebody else gave this address. Choose a password here: the one given there does not count."
    } else {
        "One step, and your account is open."
    };
    view! {
        <PageHeader title="Is this you?" lede />
        <form class="form" method="post" action="/api/confirm_sign_up">
            {faults(error.as_ref(), vec![("password", "Password")])}
            <Facts facts=vec![("E-mail address", email.clone()), ("Name", display_name)] />
            {elsewhere
                .then(|| {
                    view! {
                        // Lets password managers know whose password it is.
                        <input type="hidden" name="username" value=email autocomplete="username" />
                        {new_password_field("Password", errors)}
                    }
                })}
            <div class="form-actions">
                <Button kind=ButtonKind::Primary size=ButtonSize::Large>"Open my account"</Button>
            </div>
        </form>
        <p class="hint mt-6">
            "If this is not you, close this page. Without your confirmation there is no account."
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(elsewhere: bool) -> String {
        let display_name = "<script>Ada".to_owned();
        let led = SignUpLink::Good { email: "ada@example.com".into(), display_name, elsewhere };
        Owner::new().with(|| view! { <Led led error=None /> }.to_html())
    }

    #[test]
    fn a_password_is_asked_for_in_another_browser_alone() {
        assert!(!html(false).contains("type=\"password\""));
        assert!(html(true).contains("type=\"password\""));
        assert!(html(true).contains("ada@example.com") && !html(true).contains("<script>"));
    }
}
