use chrono::{DateTime, SecondsFormat, Utc};
use domain::{
    UserId,
    account::AccountStatus,
    browser::browser_name,
    role::{Role, Roles},
};
use identity::Permission;
use leptos::prelude::*;
use leptos_meta::Title;
use serde::Deserialize;
use services::{
    Services,
    admin::{self, Account, AccountView},
};

use super::{layout::AdminLayout, people::status_badge, trail::TrailRows};
use crate::{
    account::AboutField,
    error::ApiError,
    page::{faults, page, param, query, refused, success},
    ssr,
    ui::*,
};

/// What comes back of a refused form on this page.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    reason: String,
}

const ACTIONS: [&str; 6] = [
    "/api/suspend_account",
    "/api/reinstate_account",
    "/api/verify_account",
    "/api/end_sessions",
    "/api/change_roles",
    "/api/begin_view",
];

#[component]
pub fn PersonPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let id = param::<UserId>("id");
    let refused = ACTIONS.into_iter().find_map(refused::<Arguments>);
    let done = if refused.is_none() { told(&query("done")) } else { None };
    let device = ssr::device();
    page(async move {
        let who = who?;
        let found = admin::person(&services, &who, id?, &device).await?;
        let (error, reason) = match refused {
            Some(refused) => (Some(refused.error), refused.arguments.reason),
            None => (None, String::new()),
        };
        let now = services.now();
        let name = found.account.display_name.clone();
        let may_change_roles = who.may(Permission::ChangeRoles).is_ok() && found.changeable;
        Ok(view! {
            <Title text=name.clone() />
            <AdminLayout here="/admin/people" title=name>
                {success(done)}
                <div class="mb-6">{faults(error.as_ref(), vec![("reason", "Reason"), ("roles", "Roles")])}</div>
                <About account=found.account.clone() />
                {found.changeable.then(|| view! { <LookAfter account=found.account.clone() reason error=error.clone() /> })}
                {may_change_roles.then(|| view! { <RolesForm account=found.account.clone() error /> })}
                <Sessions services=&services found=&found now />
                <section class="form-section mt-10" aria-labelledby="trail">
                    <h2 id="trail">"What was done"</h2>
                    <TrailRows trail=found.trail now />
                </section>
            </AdminLayout>
        })
    })
}

/// What has just been done, as it is told.
fn told(done: &str) -> Option<&'static str> {
    Some(match done {
        "suspended" => "Suspended, and signed out everywhere.",
        "reinstated" => "Let in again.",
        "verified" => "The address counts as confirmed.",
        "signed_out" => "Signed out everywhere.",
        "roles" => "The roles are changed. They sign in anew.",
        _ => return None,
    })
}

#[component]
fn About(account: Account) -> impl IntoView {
    let date = |at: DateTime<Utc>| at.format("%-d %B %Y").to_string();
    let roles: Vec<_> = account.roles.iter().map(Role::label).collect();
    let email = match account.email_verified_at {
        Some(at) => format!("{} (confirmed {})", account.email, date(at)),
        None => format!("{} (not confirmed)", account.email),
    };
    let mut facts = vec![
        ("E-mail address", email),
        ("Roles", roles.join(", ")),
        ("Region", account.region.label().to_owned()),
        ("Member since", date(account.created_at)),
        ("Identifier", account.id.to_string()),
    ];
    if let Some(at) = account.suspended_at {
        facts.push(("Suspended", date(at)));
    }
    if let Some(reason) = account.suspended_for.clone() {
        facts.push(("Reason", reason));
    }
    view! {
        <div class="mb-8">
            <p class="mb-2">{status_badge(account.status)}</p>
            <Facts facts />
        </div>
    }
    .into_any()
}

/// Whose account a form is about, in words.
fn whose(account: &Account) -> String {
    format!("{}, {}", account.display_name, account.email)
}

/// A button that does one thing to the account.
fn act(action: &'static str, account: &Account, text: &'static str) -> impl IntoView + use<> {
    view! {
        <form method="post" action=action>
            <input type="hidden" name="user" value=account.id.to_string() />
            <AboutField about=whose(account) />
            <Button>{text}</Button>
        </form>
    }
}

#[component]
fn LookAfter(account: Account, reason: String, error: Option<ApiError>) -> impl IntoView {
    let (user, status) = (account.id, account.status);
    let errors = error.map(|error| error.fields).unwrap_or_default();
    let open = errors.get("reason").is_some();
    let active = status == AccountStatus::Active;
    let ordinary = !account.roles.contains(Role::Admin) && !account.roles.contains(Role::Superadmin);
    view! {
        <section class="form-section mt-10" aria-labelledby="look-after">
            <h2 id="look-after">"Look after this account"</h2>
            <div class="flex flex-wrap gap-3 items-start">
                {(active && ordinary).then(|| act("/api/begin_view", &account, "See what they see"))}
                {act("/api/end_sessions", &account, "Sign out everywhere")}
                {account
                    .email_verified_at
                    .is_none()
                    .then(|| act("/api/verify_account", &account, "Take the address for confirmed"))}
                {(status == AccountStatus::Suspended).then(|| act("/api/reinstate_account", &account, "Let in again"))}
            </div>
            {active
                .then(|| {
                    view! {
                        <details class="mt-4" open=open>
                            <summary class="button button-quiet">"Suspend this account"</summary>
                            <form class="form mt-4" method="post" action="/api/suspend_account">
                                <input type="hidden" name="user" value=user.to_string() />
                                <AboutField about=whose(&account) />
                                <p class="hint">
                                    "They are signed out everywhere, their profile is paused and their jobs are on hold. A letter tells them; the reason is for us alone."
                                </p>
                                <TextInput
                                    name="reason"
                                    label="Reason"
                                    hint="At least five letters or digits."
                                    value=reason
                                    min_length=5_u32
                                    max_length=500_u32
                                    errors
                                />
                                <div class="form-actions">
                                    <Button kind=ButtonKind::Danger>"Suspend"</Button>
                                </div>
                            </form>
                        </details>
                    }
                })}
        </section>
    }
    .into_any()
}

#[component]
fn RolesForm(account: Account, error: Option<ApiError>) -> impl IntoView {
    let values = in_form(&account.roles);
    let errors = error.map(|error| error.fields).unwrap_or_default();
    view! {
        <section class="form-section mt-10">
            <form class="form" method="post" action="/api/change_roles">
                <input type="hidden" name="user" value=account.id.to_string() />
                <AboutField about=whose(&account) />
                <CheckboxGroup
                    name="roles[]"
                    legend="Roles"
                    hint="Changing them signs the person out everywhere."
                    options=choices(Role::ALL, Role::as_str, Role::label)
                    values
                    errors
                />
                <div class="form-actions">
                    <Button>"Change the roles"</Button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn in_form(roles: &Roles) -> Vec<String> {
    roles.iter().map(|role| role.to_string()).collect()
}

#[component]
fn Sessions<'a>(services: &'a Services, found: &'a AccountView, now: DateTime<Utc>) -> impl IntoView + use<> {
    let rows: Vec<_> = found
        .sessions
        .iter()
        .map(|session| {
            let words = ago(session.last_seen_at.timestamp_millis(), now.timestamp_millis());
            let at = session.last_seen_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let place = services.place(&session.address);
            view! {
                <li class="row">
                    <div class="min-w-0">
                        <p class="label">{browser_name(&session.user_agent)}</p>
                        <p class="hint">
                            {(!place.is_empty()).then(|| format!("{place} · "))} "last used "
                            <RelativeTime datetime=at words />
                        </p>
                    </div>
                </li>
            }
        })
        .collect();
    let list = if rows.is_empty() {
        view! { <p class="hint">"Signed in nowhere."</p> }.into_any()
    } else {
        view! { <ul class="rows">{rows}</ul> }.into_any()
    };
    view! {
        <section class="form-section mt-10" aria-labelledby="sessions">
            <h2 id="sessions">"Where they are signed in"</h2>
            {list}
        </section>
    }
    .into_any()
}
