use domain::account::SignUpForm;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::accounts::{
    self, Begun, Challenge,
    external::{self, Offer},
};

use super::{Home, PurposeAndName, proof::Proof, with::ContinueWith};
use crate::{
    error::ApiError,
    head,
    page::{encode, faults, go, page, query, refusal, refused},
    ssr,
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: SignUpForm,
    next: String,
}

#[component]
pub fn SignUpPage() -> impl IntoView {
    let next = query("next");
    let refused = refused::<Arguments>("/api/sign_up");
    // A refused form is shown even to somebody who is signed in, by another window perhaps.
    if refused.is_none() && ssr::viewer().is_some() {
        go(&next);
        return ().into_any();
    }
    let (arguments, error) = match refused {
        Some(refused) => (refused.arguments, Some(refused.error)),
        None => {
            let form = SignUpForm { purpose: query("for"), ..SignUpForm::default() };
            (Arguments { form, next }, None)
        }
    };
    let error = error.or_else(|| refusal("/api/continue_with"));
    head::describe("Join 8thDegree to find freelancers or jobs that fit, with the reasons.");
    let (services, device, browser) = (ssr::services(), ssr::device(), ssr::signing_up());
    let another = query("another") == "1" && error.is_none();
    page(async move {
        // Whoever has only the address wrong need not fill in the rest again.
        let begun = if another { accounts::begun_sign_up(&services, &browser).await? } else { None };
        let arguments = begun.map_or(arguments, in_form);
        let offers = external::offers(&services);
        let challenge = accounts::sign_up_challenge(&services, &arguments.form, &device).await?;
        Ok(view! {
            <Title text="Join" />
            <SignUp form=arguments.form next=arguments.next error offers challenge />
        })
    })
    .into_any()
}

fn in_form(begun: Begun) -> Arguments {
    let form = SignUpForm {
        purpose: super::purpose(&begun.roles).to_owned(),
        display_name: begun.display_name,
        region: begun.region.as_str().to_owned(),
        ..SignUpForm::default()
    };
    Arguments { form, next: begun.next }
}

#[component]
fn SignUp(
    form: SignUpForm,
    next: String,
    error: Option<ApiError>,
    offers: Vec<Offer>,
    challenge: Option<Challenge>,
) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let (shortest, longest) = super::password_bounds();
    let labels = vec![
        ("purpose", "What brings you here"),
        ("display_name", "Name"),
        ("email", "E-mail address"),
        ("password", "Password"),
        ("region", "Region"),
        ("challenge", "One moment"),
    ];
    let sign_in =
        if next.is_empty() { "/sign-in".to_owned() } else { format!("/sign-in?next={}", encode(&next)) };
    view! {
        <div class="max-w-2xl mx-auto">
            <PageHeader title="Join 8thDegree" lede="It takes a minute. Everything can be changed later." />
            <ContinueWith offers next=next.clone() otherwise="or with an e-mail address and a password" />
            <form class="form" method="post" action="/api/sign_up">
                {faults(error.as_ref(), labels)}
                <input type="hidden" name="next" value=next />
                <PurposeAndName purpose=form.purpose name=form.display_name errors=errors.clone() />
                <TextInput
                    name="form[email]"
                    label="E-mail address"
                    input_type="email"
                    value=form.email
                    autocomplete="username"
                    max_length=254_u32
                    errors=errors.clone()
                />
                // What was typed is not sent back: a password has no place in a page.
                <TextInput
                    name="form[password]"
                    label="Password"
                    hint=format!("At least {shortest} characters; a few words in a row work well.")
                    input_type="password"
                    autocomplete="new-password"
                    min_length=shortest
                    max_length=longest
                    errors=errors.clone()
                />
                <Home region=form.region errors />
                {challenge.map(|challenge| view! { <Proof challenge /> })}
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary size=ButtonSize::Large>"Create my account"</Button>
                </div>
            </form>
            <p class="mt-6">"You have an account already? " <a href=sign_in>"Sign in"</a></p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::FieldErrors;

    use super::*;

    #[test]
    fn a_refused_form_keeps_what_was_typed_except_the_password() {
        let hostile = r#""><script>alert(1)</script>"#;
        let form = SignUpForm {
            display_name: hostile.into(),
            email: "ines@example".into(),
            password: "correct horse battery".into(),
            region: "EU".into(),
            purpose: "both".into(),
            ..SignUpForm::default()
        };
        let error = ApiError::invalid(FieldErrors::one("email", "Please give an e-mail address."));
        let html = Owner::new().with(|| {
            view! { <SignUp form next="/jobs/new".into() error=Some(error) offers=Vec::new() challenge=None /> }
                .to_html()
        });
        assert!(!html.contains("correct horse"), "{html}");
        assert!(!html.contains("<script"), "{html}");
        for kept in [
            r#"value="ines@example""#,
            r#"value="EU" selected"#,
            r#"value="both" checked"#,
            "next=%2Fjobs%2Fnew",
        ] {
            assert!(html.contains(kept), "{kept} in {html}");
        }
        assert!(html.contains(r##"href="#f-email""##), "{html}");
    }

    #[test]
    fn a_challenge_is_asked_of_whoever_has_one_and_of_nobody_else() {
        let html = |challenge: Option<Challenge>| {
            let form = SignUpForm::default();
            Owner::new().with(|| {
                view! { <SignUp form next=String::new() error=None offers=Vec::new() challenge /> }.to_html()
            })
        };
        assert!(!html(None).contains("script"));
        let id = "00000000-0000-7000-8000-000000000001".parse().unwrap();
        let asked = html(Some(Challenge { id, difficulty: 15, wait_seconds: 42 }));
        assert!(asked.contains("data-difficulty=\"15\"") && asked.contains("wait for 42 seconds"), "{asked}");
    }
}
