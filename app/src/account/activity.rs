use chrono::{DateTime, SecondsFormat, Utc};
use domain::browser::browser_name;
use leptos::prelude::*;
use leptos_meta::Title;
use services::audit::{self, Entry};

use super::layout::AccountLayout;
use crate::{
    page::{page, query},
    ssr,
    ui::*,
};

#[component]
pub fn ActivityPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let before = query("before").parse().ok();
    page(async move {
        let entries = audit::own(&services, &who?, before).await?;
        let now = services.now();
        let last = entries.last().map(|entry| entry.seq);
        let full = entries.len() as i64 == audit::PAGE;
        let next = last.filter(|_| full).map(|seq| format!("/account/activity?before={seq}"));
        let first = before.map(|_: i64| "/account/activity".to_owned());
        let shown = match entries.len() {
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        };
        let empty = entries.is_empty();
        let rows: Vec<_> = entries.into_iter().map(|entry| view! { <EntryRow entry now /> }).collect();
        Ok(view! {
            <Title text="Activity" />
            <AccountLayout
                here="/account/activity"
                title="Activity"
                lede="What was done with your account. Entries are only ever added, in a chain that shows when one was changed."
            >
                {if empty {
                    view! { <EmptyState title="Nothing yet" text="What is done with your account from now on stands here." /> }
                        .into_any()
                } else {
                    view! { <ol class="rows">{rows}</ol> }.into_any()
                }}
                <Pager first next shown />
            </AccountLayout>
        })
    })
}

#[component]
fn EntryRow(entry: Entry, now: DateTime<Utc>) -> impl IntoView {
    let words = ago(entry.at.timestamp_millis(), now.timestamp_millis());
    let at = entry.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let from = match (entry.user_agent.as_str(), entry.address.as_str()) {
        ("", "") => String::new(),
        ("", address) => format!(" · {address}"),
        (agent, "") => format!(" · {}", browser_name(agent)),
        (agent, address) => format!(" · {} · {address}", browser_name(agent)),
    };
    view! {
        <li class="row">
            <div class="min-w-0">
                <p class="label">{in_words(&entry.action)}</p>
                <p class="hint">
                    <RelativeTime datetime=at words /> {from}
                </p>
            </div>
        </li>
    }
    .into_any()
}

/// An action as its owner reads it.
pub fn in_words(action: &str) -> String {
    match action {
        "account.created" => "Your account was created",
        "account.changed" => "You changed your account",
        "private_details.changed" => "You changed your private details",
        "export.requested" => "You asked for all your data",
        "export.downloaded" => "All your data was downloaded",
        "picture.changed" => "You changed your picture",
        "picture.removed" => "You removed your picture",
        "session.opened" => "Signed in",
        "session.closed" => "Signed out",
        "session.closed_elsewhere" => "Signed out on all other devices",
        "sign_in.second_factor_due" => {
            "The first step of signing in was taken; the second factor was asked for"
        }
        "sign_in.refused" => {
            "A sign-in was right and refused: the account was suspended, or has to come in by its organisation"
        }
        "sign_in.second_factor_failed" => "A wrong second factor was given to sign in",
        "sign_in.code_sent" => "A code to sign in was sent by e-mail",
        "app.added" => "An authenticator app was set up",
        "app.refused" => "A wrong code was given to set up an authenticator app",
        "app.removed" => "The authenticator app was removed",
        "recovery_codes.renewed" => "New recovery codes were made",
        "email_codes.allowed" => "Codes by e-mail were allowed",
        "email_codes.forbidden" => "Codes by e-mail were forbidden",
        "passkey.added" => "A passkey was added",
        "passkey.renamed" => "A passkey was renamed",
        "passkey.removed" => "A passkey was removed",
        "trusted_device.added" => "You trusted a browser for 30 days",
        "trusted_device.forgotten" => "A trusted browser is trusted no longer",
        "trusted_device.all_forgotten" => "No browser is trusted any longer",
        "sign_in.failed" => "Somebody tried to sign in with a wrong password or passkey",
        "proof.given" => "You confirmed that it was you",
        "proof.failed" => "A wrong proof was given to confirm that it was you",
        "sign_up.begun" => "Somebody signed up",
        "connection.added" => "Another site became a way to sign in",
        "connection.removed" => "Another site is no longer a way to sign in",
        "connection.failed" => "An attempt with another site did not succeed",
        "token.created" => "You made a token for a program",
        "token.revoked" => "A token for a program was revoked",
        "token.exchanged" => "A program was given access with a token of yours",
        "token.refused" => {
            "A program was given nothing: your organisation lets its people in by its own sign-in alone"
        }
        "token.reused" => "A token was used twice, as by a thief; the program has to begin again",
        "organisation.created" => "You set up your organisation",
        "organisation.removed" => "You removed your organisation",
        "organisation.domain_added" => "You said that a domain is your organisation's",
        "organisation.domain_proved" => "A domain was proved to be your organisation's",
        "organisation.domain_removed" => "You gave up a domain of your organisation",
        "organisation.domain_lapsed" => {
            "A domain of your organisation is proved no longer: its record is gone"
        }
        "organisation.issuer_set" => "You set your organisation's issuer",
        "organisation.tried" => "Your organisation's issuer let you in",
        "organisation.requirement_changed" => "You changed whether your organisation's issuer is required",
        "roles.followed" => "Your organisation changed what you do here",
        "password.changed" => "The password was changed",
        "password.reset_asked" => "Somebody asked for a new password by e-mail",
        "password.reset" => "A new password was chosen with a link from an e-mail",
        "email.change_asked" => "A change of the e-mail address was asked for",
        "email.change_confirmed" => "One end confirmed the change of the e-mail address",
        "email.change_given_up" => "The change of the e-mail address was given up",
        "email.changed" => "The e-mail address was changed",
        "account.seen" => "Somebody of the site looked at your account",
        "account.suspended" => "Your account was suspended",
        "account.reinstated" => "Your account was opened again",
        "email.verified_by_admin" => "Somebody of the site confirmed your e-mail address",
        "session.closed_by_admin" => "Somebody of the site signed you out everywhere",
        "roles.changed" => "What you may do was changed",
        "view.begun" => "Somebody of the site began to see what you see",
        "view.ended" => "Somebody of the site stopped seeing what you see",
        other => return other.replace(['.', '_'], " "),
    }
    .to_owned()
}
