use domain::{FieldErrors, organisation::IssuerForm, role::Role};
use leptos::prelude::*;
use serde::Deserialize;
use services::organisations::Own;

use super::ToCopy;
use crate::{
    error::ApiError,
    page::{faults, refused},
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: IssuerForm,
}

/// The settings of the issuer, and what it must know of this site.
#[component]
pub fn IssuerSection(own: Own, callback: String) -> impl IntoView {
    let (form, error) = match refused::<Arguments>("/api/set_organisation_issuer") {
        Some(refused) => (refused.arguments.form, Some(refused.error)),
        None => (own.form, None),
    };
    view! {
        <section class="form-section mt-10" aria-labelledby="issuer">
            <h2 id="issuer">"Issuer"</h2>
            <p class="hint">
                "Register this site there as a web application with the authorization code flow. It must tell people's e-mail addresses."
            </p>
            <ToCopy id="callback" label="Redirect address to enter there" value=callback />
            <IssuerFields form error has_secret=own.has_issuer />
        </section>
    }
    .into_any()
}

#[component]
fn IssuerFields(form: IssuerForm, error: Option<ApiError>, has_secret: bool) -> impl IntoView {
    let errors: FieldErrors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let labels = vec![
        ("issuer", "Issuer"),
        ("client_id", "Client ID"),
        ("client_secret", "Client secret"),
        ("scopes", "More scopes"),
        ("groups_claim", "Claim with the groups"),
        ("freelancers", "Groups that freelance"),
        ("clients", "Groups that hire"),
        ("otherwise", "Everybody else"),
    ];
    let secret_hint = if has_secret {
        "Leave it empty to keep the one we have. It is kept encrypted, and shown to nobody."
    } else {
        "It is kept encrypted, and shown to nobody."
    };
    let otherwise = vec![
        (Role::Client.to_string(), "Come in as clients".to_owned()),
        (Role::Freelancer.to_string(), "Come in as freelancers".to_owned()),
    ];
    view! {
        <form class="form" method="post" action="/api/set_organisation_issuer">
            {faults(error.as_ref(), labels)}
            <TextInput
                name="form[issuer]"
                label="Issuer"
                hint="The address by which it calls itself, letter by letter."
                input_type="url"
                value=form.issuer
                placeholder="https://login.example.com"
                autocomplete="off"
                max_length=2000_u32
                errors=errors.clone()
            />
            <TextInput
                name="form[client_id]"
                label="Client ID"
                value=form.client_id
                autocomplete="off"
                max_length=255_u32
                errors=errors.clone()
            />
            <TextInput
                name="form[client_secret]"
                label="Client secret"
                hint=secret_hint
                input_type="password"
                autocomplete="off"
                max_length=1024_u32
                required=!has_secret
                errors=errors.clone()
            />
            <h3>"Who may do what"</h3>
            <p class="hint">
                "Roles follow from people's groups each time they sign in. Without groups, all begin with the same role, and change it as they like."
            </p>
            <TextInput
                name="form[groups_claim]"
                label="Claim with the groups"
                hint="Often groups or roles."
                value=form.groups_claim
                autocomplete="off"
                max_length=128_u32
                required=false
                errors=errors.clone()
            />
            <TextInput
                name="form[scopes]"
                label="More scopes"
                hint="What the issuer wants to be asked for before it tells groups, with spaces between."
                value=form.scopes
                autocomplete="off"
                max_length=1300_u32
                required=false
                errors=errors.clone()
            />
            <TextArea
                name="form[clients]"
                label="Groups that hire"
                hint="A line each."
                value=form.clients
                rows=3
                required=false
                errors=errors.clone()
            />
            <TextArea
                name="form[freelancers]"
                label="Groups that freelance"
                hint="A line each."
                value=form.freelancers
                rows=3
                required=false
                errors=errors.clone()
            />
            <Select
                name="form[otherwise]"
                label="Everybody else"
                options=otherwise
                empty="Do not come in"
                value=form.otherwise
                required=false
                errors=errors
            />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary>"Save the issuer"</Button>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_never_comes_back_and_what_was_typed_stays_text() {
        let form = IssuerForm {
            issuer: r#"https://a.example/"><script>"#.into(),
            client_secret: "hush-hush".into(),
            clients: "</textarea><script>".into(),
            ..IssuerForm::default()
        };
        let error = ApiError::invalid(FieldErrors::one("issuer", "Not so."));
        let html =
            Owner::new().with(|| view! { <IssuerFields form error=Some(error) has_secret=true /> }.to_html());
        assert!(!html.contains("hush-hush") && !html.contains("<script"), "{html}");
        assert!(html.contains("Not so.") && html.contains("Leave it empty"), "{html}");
    }
}
