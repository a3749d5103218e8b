use domain::{
    TokenId,
    scope::{Scope, TOKEN_DAYS, TokenForm},
};
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;

use super::layout::AccountLayout;
use crate::{
    error::ApiError,
    page::{faults, page, refused},
    ssr,
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: TokenForm,
}

/// `/account/tokens/new`: making a token, after proving who one is.
#[component]
pub fn NewTokenPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let refused = refused::<Arguments>("/api/create_token");
    page(async move {
        who?.proved(services.now()).map_err(services::ServiceError::from)?;
        let (form, error) = match refused {
            Some(refused) => (refused.arguments.form, Some(refused.error)),
            None => (TokenForm { days: "90".into(), ..TokenForm::default() }, None),
        };
        Ok(view! {
            <Title text="New token" />
            <AccountLayout
                here="/account/tokens"
                title="New token"
                lede="Choose as little as your program needs. You can revoke the token at any time."
            >
                <NewToken form error />
            </AccountLayout>
        })
    })
}

#[component]
fn NewToken(form: TokenForm, error: Option<ApiError>) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let scopes =
        Scope::ALL.iter().map(|scope| (scope.to_string(), format!("{} ({scope})", scope.label()))).collect();
    let days = TOKEN_DAYS.into_iter().map(|(days, label)| (days.to_string(), label.to_owned())).collect();
    view! {
        <form class="form" method="post" action="/api/create_token">
            // Of a form that was refused nothing was made, so that a new one may be.
            <input type="hidden" name="token" value=TokenId::new().to_string() />
            {faults(error.as_ref(), vec![("name", "Name"), ("scopes", "What it may do"), ("days", "Good for")])}
            <TextInput
                name="form[name]"
                label="Name"
                hint="What it is for, such as the program that will have it."
                value=form.name
                autocomplete="off"
                max_length=60_u32
                errors=errors.clone()
            />
            <CheckboxGroup
                name="form[scopes][]"
                legend="What it may do"
                hint="A token never changes anything, and never sees more than you do."
                options=scopes
                values=form.scopes
                errors=errors.clone()
            />
            <Select name="form[days]" label="Good for" options=days value=form.days errors=errors />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Make the token"</Button>
                <LinkButton href="/account/tokens" kind=ButtonKind::Quiet>"Cancel"</LinkButton>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::FieldErrors;

    use super::*;

    #[test]
    fn a_refused_form_keeps_what_was_chosen() {
        let form =
            TokenForm { name: r#""><script>"#.into(), scopes: vec!["jobs:read".into()], days: "30".into() };
        let error = ApiError::invalid(FieldErrors::one("name", "Please fill this in."));
        let html = Owner::new().with(|| view! { <NewToken form error=Some(error) /> }.to_html());
        assert!(!html.contains("<script"), "{html}");
        assert!(
            html.contains(r#"value="jobs:read" checked"#) && html.contains(r#"value="30" selected"#),
            "{html}"
        );
    }
}
