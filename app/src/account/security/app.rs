use leptos::prelude::*;
use leptos_meta::Title;
use secrecy::ExposeSecret as _;
use services::accounts::second_factor::{self as factors, AppSetUp};

use crate::{
    account::AccountLayout,
    error::ApiError,
    page::{faults, page, refusal},
    ssr,
    ui::*,
};

/// Where one sets up an authenticator app, or removes it.
#[component]
pub fn AuthenticatorPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let error = ["/api/confirm_app", "/api/begin_app", "/api/give_up_app", "/api/remove_app"]
        .into_iter()
        .find_map(refusal);
    page(async move {
        let who = who?;
        let begun = factors::begun_app(&services, &who).await?;
        let account = factors::check_up(&services, &who).await?;
        let since = account.factors.app_since.map(|at| at.format("%-d %B %Y").to_string());
        Ok(view! {
            <Title text="Authenticator app" />
            <AccountLayout
                here="/account/security"
                title="Authenticator app"
                lede="An app on your phone shows a new code every 30 seconds. Signing in then takes the phone, too."
            >
                {match (begun, since) {
                    (Some(set_up), since) => view! { <SetUp set_up another=since.is_some() error /> }.into_any(),
                    (None, Some(since)) => view! { <InUse since error /> }.into_any(),
                    (None, None) => view! { <Begin error /> }.into_any(),
                }}
            </AccountLayout>
        })
    })
}

/// Said before another app is set up, and while it is.
const PRESENT_APP: &str = "The present app keeps working until the new one has shown a code.";

#[component]
fn Begin(error: Option<ApiError>) -> impl IntoView {
    view! {
        {faults(error.as_ref(), Vec::new())}
        <p class="mb-6">
            "Any app for one-time codes will do: Aegis, 2FAS, Google Authenticator, 1Password, Bitwarden and many more."
        </p>
        <form method="post" action="/api/begin_app">
            <Button kind=ButtonKind::Primary>"Set up an app"</Button>
        </form>
    }
    .into_any()
}

#[component]
fn InUse(since: String, error: Option<ApiError>) -> impl IntoView {
    view! {
        {faults(error.as_ref(), Vec::new())}
        <Notice kind=NoticeKind::Success>{format!("In use since {since}.")}</Notice>
        <section class="form-section mt-10" aria-labelledby="another">
            <h2 id="another">"Another phone"</h2>
            <p class="hint mb-3">{PRESENT_APP}</p>
            <form method="post" action="/api/begin_app">
                <Button>"Set up another app"</Button>
            </form>
        </section>
        <section class="form-section mt-10" aria-labelledby="remove">
            <h2 id="remove">"Remove it"</h2>
            <p class="hint mb-3">
                "Browsers that you trusted are asked again. Without a passkey, your password alone will open the account, and your recovery codes end with the app."
            </p>
            <form method="post" action="/api/remove_app">
                <Button kind=ButtonKind::Danger>"Remove the app"</Button>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn SetUp(
    set_up: AppSetUp,
    /// Whether there is an app already.
    another: bool,
    error: Option<ApiError>,
) -> impl IntoView {
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let (svg, uri) = (set_up.qr_svg.expose_secret().to_owned(), set_up.uri.expose_secret().to_owned());
    let key = set_up.manual_key.expose_secret().to_owned();
    view! {
        {another.then(|| view! { <p class="mb-6">{PRESENT_APP}</p> })}
        <ol class="set-up">
            <li>
                <h2>"Scan this with the app"</h2>
                <div class="set-up-code">
                    // Made by us alone, of squares.
                    <div class="qr" inner_html=svg></div>
                    <div>
                        <p>"Or open it on this device: " <a href=uri>"add to an app here"</a>"."</p>
                        <p class="mt-3">"Or type this key:"</p>
                        <p class="secret-key"><code>{key}</code></p>
                    </div>
                </div>
            </li>
            <li>
                <h2>"Type the code it shows"</h2>
                <form class="form" method="post" action="/api/confirm_app">
                    {faults(error.as_ref(), vec![("code", "Code")])}
                    <TextInput
                        name="code"
                        label="Code"
                        hint="Six digits. Only with it does the app begin to count."
                        autocomplete="one-time-code"
                        inputmode="numeric"
                        max_length=12_u32
                        errors
                    />
                    <div class="form-actions">
                        <Button kind=ButtonKind::Primary>"Finish"</Button>
                    </div>
                </form>
            </li>
        </ol>
        <form class="mt-6" method="post" action="/api/give_up_app">
            <Button kind=ButtonKind::Quiet>{if another { "Keep the present app" } else { "Do not set one up" }}</Button>
        </form>
    }
    .into_any()
}
