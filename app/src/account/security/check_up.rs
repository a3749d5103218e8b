use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts::second_factor::{self as factors, CheckUp};

use crate::{
    account::AccountLayout,
    page::{faults, page, query, refusal},
    ssr,
    ui::*,
};

/// How well one's account is guarded, at a glance.
#[component]
pub fn SecurityPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let error = refusal("/api/allow_email_codes");
    let changed = query("changed") == "1" && error.is_none();
    page(async move {
        let who = who?;
        let account = factors::check_up(&services, &who).await?;
        let due = who.second_factor_due;
        let others = account.devices.checked_sub(1).filter(|others| *others > 0);
        let advice = items(&account, services.now());
        let to_do = advice.iter().filter(|item| item.state != State::Good).count();
        let lede = match to_do {
            0 => "All is well: there is nothing left to do here.".to_owned(),
            1 => "One thing would make your account safer.".to_owned(),
            count => format!("{count} things would make your account safer."),
        };
        let rows: Vec<_> = advice.into_iter().map(|item| view! { <ItemRow item /> }).collect();
        let email_codes = account.factors.guard() && !account.factor_needed;
        let allowed = account.factors.email_codes_allowed;
        let has_factor = account.factors.guard();
        Ok(view! {
            <Title text="Security" />
            <AccountLayout here="/account/security" title="Security" lede>
                {faults(error.as_ref(), Vec::new())}
                {due.then(|| view! { <Due has_factor /> })}
                {changed.then(|| view! { <Changed others /> })}
                <ul class="check-up">{rows}</ul>
                {email_codes.then(|| view! { <EmailCodes allowed /> })}
            </AccountLayout>
        })
    })
}

/// For whoever may do nothing else before they have given a second factor.
#[component]
fn Due(has_factor: bool) -> impl IntoView {
    view! {
        <div class="mb-6">
            <Notice kind=NoticeKind::Warning title="Your role needs a second factor.">
                {if has_factor {
                    view! {
                        <p>
                            "Confirm with yours to go on. " <a href="/confirm?next=%2F">"Confirm that it is you"</a>
                        </p>
                    }
                        .into_any()
                } else {
                    view! { <p>"Set up an authenticator app or a passkey. Everything else opens after that."</p> }.into_any()
                }}
            </Notice>
        </div>
    }
    .into_any()
}

#[component]
fn Changed(others: Option<usize>) -> impl IntoView {
    view! {
        <div class="mb-6">
            <Notice kind=NoticeKind::Success title="Your second factors are changed.">
                {match others {
                    Some(count) => view! {
                        <p>
                            {match count {
                                1 => "You are signed in on one other device. If you doubt it, sign out there.".to_owned(),
                                _ => format!("You are signed in on {count} other devices. If you doubt any, sign out there."),
                            }}
                        </p>
                        <form class="mt-3" method="post" action="/api/sign_out_others">
                            <Button size=ButtonSize::Small>"Sign out on all other devices"</Button>
                        </form>
                    }
                        .into_any(),
                    None => view! { <p>"You are signed in nowhere else."</p> }.into_any(),
                }}
            </Notice>
        </div>
    }
    .into_any()
}

#[component]
fn EmailCodes(allowed: bool) -> impl IntoView {
    let (text, button) = if allowed {
        (
            "We send a code to your mailbox when you ask for one. Whoever reads your mail and knows your password gets in.",
            "Forbid codes by e-mail",
        )
    } else {
        (
            "For days without your phone. It is convenient, and weaker: then your mailbox guards your account, too.",
            "Allow codes by e-mail",
        )
    };
    view! {
        <section class="form-section mt-10" aria-labelledby="email-codes">
            <h2 id="email-codes">"Codes by e-mail"</h2>
            <p class="hint mb-3">{text}</p>
            <form method="post" action="/api/allow_email_codes">
                <input type="hidden" name="allowed" value=(!allowed).to_string() />
                <Button>{button}</Button>
            </form>
        </section>
    }
    .into_any()
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    /// It would be better otherwise.
    Advice,
    Urgent,
}

/// One thing that guards the account.
struct Item {
    state: State,
    title: &'static str,
    text: String,
    /// Text and address of what to do.
    action: (&'static str, &'static str),
}

#[component]
fn ItemRow(item: Item) -> impl IntoView {
    let (class, glyph, spoken) = match item.state {
        State::Good => ("check check-good", Glyph::Check, "Fine: "),
        State::Advice => ("check check-advice", Glyph::Info, "Advice: "),
        State::Urgent => ("check check-urgent", Glyph::Warning, "Please look: "),
    };
    let label = format!("{}: {}", item.action.0, item.title);
    view! {
        <li class=class>
            <span class="check-mark"><Icon glyph /></span>
            <div class="min-w-0">
                <h2><span class="sr-only">{spoken}</span>{item.title}</h2>
                <p class="hint">{item.text}</p>
            </div>
            <a class="button button-secondary button-s" href=item.action.1 aria-label=label>
                {item.action.0}
            </a>
        </li>
    }
    .into_any()
}

/// Everything, what matters most first.
fn items(account: &CheckUp, now: DateTime<Utc>) -> Vec<Item> {
    let mut items = vec![password(account, now), email(account), app(account), passkeys(account)];
    if account.factors.guard() {
        items.push(recovery(account));
    }
    items.push(connections(account));
    items.push(devices(account));
    items
}

fn password(account: &CheckUp, now: DateTime<Utc>) -> Item {
    let text = match account.password_since {
        Some(since) => {
            format!(
                "Set {}. Change it when somebody may know it.",
                ago(since.timestamp_millis(), now.timestamp_millis())
            )
        }
        None => "You have none, and need none: you sign in another way.".to_owned(),
    };
    let action = if account.password_since.is_some() { "Change" } else { "Set one" };
    Item { state: State::Good, title: "Password", text, action: (action, "/account/password") }
}

fn email(account: &CheckUp) -> Item {
    let (state, text) = if account.email_verified {
        (State::Good, format!("{} is confirmed. Letters about your account go there.", account.email))
    } else {
        (
            State::Advice,
            format!(
                "{} is not confirmed yet. If you lose your password, we can only write there.",
                account.email
            ),
        )
    };
    Item {
        state,
        title: "E-mail address",
        text,
        action: (if account.email_verified { "Change" } else { "Confirm" }, "/account/email"),
    }
}

fn app(account: &CheckUp) -> Item {
    let (state, text, action) = match account.factors.app_since {
        Some(since) => (State::Good, format!("In use since {}.", since.format("%-d %B %Y")), "Manage"),
        None if account.factors.guard() => {
            (State::Good, "Not set up; your passkey is your second factor.".to_owned(), "Set up")
        }
        None => {
            let state = if account.factor_needed { State::Urgent } else { State::Advice };
            (state, "Not set up. With it, a stolen password opens nothing.".to_owned(), "Set up")
        }
    };
    Item { state, title: "Authenticator app", text, action: (action, "/account/security/app") }
}

fn passkeys(account: &CheckUp) -> Item {
    let (state, text, action) = match account.factors.passkeys {
        0 if account.factors.guard() => {
            (State::Good, "None. One would sign you in without a password.".to_owned(), "Add")
        }
        0 => (
            State::Advice,
            "None. One signs you in without a password, and cannot be phished.".to_owned(),
            "Add",
        ),
        1 => (
            State::Good,
            "You have one. A second, on another device, spares you recovery codes.".to_owned(),
            "Manage",
        ),
        count => (State::Good, format!("You have {count}."), "Manage"),
    };
    Item { state, title: "Passkeys", text, action: (action, "/account/security/passkeys") }
}

fn recovery(account: &CheckUp) -> Item {
    let left = account.factors.recovery_codes;
    let (state, text) = match left {
        0 => (State::Urgent, "None is left. Make new ones before you need one.".to_owned()),
        1 => (State::Advice, "Only one is left. Make new ones soon.".to_owned()),
        2 | 3 => (State::Advice, format!("Only {left} are left. Make new ones soon.")),
        _ => (State::Good, format!("{left} are left, each good for one sign-in.")),
    };
    Item { state, title: "Recovery codes", text, action: ("Manage", "/account/security/codes") }
}

fn connections(account: &CheckUp) -> Item {
    let text = match account.connections {
        0 => "No other site signs you in.".to_owned(),
        1 => "An account at one other site signs you in: it guards yours as well.".to_owned(),
        count => format!("Accounts at {count} other sites sign you in: each guards yours as well."),
    };
    Item { state: State::Good, title: "Connections", text, action: ("Look", "/account/connections") }
}

fn devices(account: &CheckUp) -> Item {
    let mut text = match account.devices {
        1 => "You are signed in here and nowhere else.".to_owned(),
        count => format!("You are signed in on {count} devices."),
    };
    match account.trusted_devices {
        0 => {}
        1 => text.push_str(" One browser is trusted."),
        count => text.push_str(&format!(" {count} browsers are trusted.")),
    }
    Item { state: State::Good, title: "Devices", text, action: ("Look", "/account/devices") }
}

#[cfg(test)]
mod tests {
    use services::accounts::second_factor::Factors;

    use super::*;

    fn account(factors: Factors) -> CheckUp {
        CheckUp {
            email: "ada@example.com".into(),
            email_verified: true,
            password_since: Some(Utc::now()),
            factors,
            factor_needed: false,
            connections: 1,
            devices: 1,
            trusted_devices: 0,
        }
    }

    const NONE: Factors =
        Factors { app_since: None, passkeys: 0, recovery_codes: 0, email_codes_allowed: false };

    fn state(account: &CheckUp, title: &str) -> Option<State> {
        items(account, Utc::now()).into_iter().find(|item| item.title == title).map(|item| item.state)
    }

    #[test]
    fn what_is_missing_is_advised_and_what_is_there_is_not() {
        let bare = account(NONE);
        assert_eq!(state(&bare, "Authenticator app"), Some(State::Advice));
        assert_eq!(state(&bare, "Recovery codes"), None, "there are none without a second factor");
        let guarded = account(Factors { app_since: Some(Utc::now()), recovery_codes: 10, ..NONE });
        assert!(items(&guarded, Utc::now()).iter().all(|item| item.state == State::Good));
    }

    #[test]
    fn running_out_of_recovery_codes_is_told_in_time() {
        let left = |recovery_codes| {
            let factors = Factors { passkeys: 1, recovery_codes, ..NONE };
            state(&account(factors), "Recovery codes")
        };
        assert_eq!(left(4), Some(State::Good));
        assert_eq!(left(3), Some(State::Advice));
        assert_eq!(left(0), Some(State::Urgent));
    }
}
