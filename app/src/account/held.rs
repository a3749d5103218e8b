use std::fmt;

use domain::role::Role;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    error::{ApiError, ErrorKind},
    page::{encode, page_of},
    ssr::{self, FormReplay},
    ui::*,
};

/// A form that waits until its sender has proved who they are. It is kept on their page alone and comes
/// back with the proof; sent again by them, it is checked as any other form.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    action: String,
    /// Urlencoded, without passwords and secrets.
    fields: String,
}

/// Shows no field: what people write does not belong in logs.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("action", &self.action).finish_non_exhaustive()
    }
}

/// What a form does, in words.
struct Deed {
    what: &'static str,
    /// What its sender should see before it is sent: a label, and the field that says it.
    facts: &'static [(&'static str, &'static str)],
}

/// A hidden field that says in words whom or what a form is about, where its other fields give a number.
/// Nothing but the summary of a form that waits reads it.
pub const ABOUT: &str = "about";
const WHICH: (&str, &str) = ("Which", ABOUT);
const WHOSE: (&str, &str) = ("Whose", ABOUT);

impl Held {
    /// Keeps a form; none where it is not of those that are kept.
    pub fn of(action: &str, body: &str) -> Option<Self> {
        deed(action)?;
        let fields = serde_urlencoded::to_string(kept(body)).ok()?;
        Some(Self { action: action.to_owned(), fields })
    }

    /// As a browser sent it back, if it is one of those that are kept.
    pub fn sent_back(self) -> Option<Self> {
        Self::of(&self.action, &self.fields)
    }

    /// The one that waits on the page that is being rendered.
    pub fn waiting() -> Option<Self> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Arguments {
            held: Held,
        }
        let replay = ssr::held_back()?;
        if replay.action == "/api/confirm" {
            let sent: Arguments = serde_qs::Config::new(5, false).deserialize_str(&replay.body).ok()?;
            return sent.held.sent_back();
        }
        (replay.error.kind == ErrorKind::ProofNeeded).then(|| Self::of(&replay.action, &replay.body))?
    }

    /// The page of the form, and the form for it, where a secret must be typed again before it is sent.
    pub fn to_be_completed(&self) -> Option<(String, FormReplay)> {
        if self.action != "/api/set_organisation_issuer" {
            return None;
        }
        let message = "Nothing has been changed yet. We did not keep the client secret: if you gave one, please type \
                       it again, and send the form.";
        let replay = FormReplay {
            action: self.action.clone(),
            body: self.fields.clone(),
            error: ApiError::new(ErrorKind::ProofNeeded, message),
        };
        Some((page_of(&self.action, &self.fields)?, replay))
    }
}

/// The fields of a form that may be kept on a page. A password or a code is typed again.
pub(super) fn kept(body: &str) -> Vec<(String, String)> {
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(body).unwrap_or_default();
    fields.into_iter().filter(|(name, _)| !is_secret(name)).collect()
}

fn is_secret(name: &str) -> bool {
    let last = name.trim_end_matches(']').rsplit('[').next().unwrap_or(name);
    last.contains("password")
        || last.contains("secret")
        || matches!(last, "code" | "recovery_code" | "answer")
}

/// What a form does that asks for a proof. Those that are not here hold nothing but secrets, and are
/// filled in again.
fn deed(action: &str) -> Option<Deed> {
    let deed = |what, facts| Some(Deed { what, facts });
    match action.strip_prefix("/api/")? {
        "ask_email_change" => deed("Change your e-mail address", &[("New address", "form[email]")]),
        "save_account" => deed(
            "Save your account",
            &[("Name", "form[display_name]"), ("What you do here", "form[purpose]")],
        ),
        "request_export" => deed("Make an archive of your data", &[]),
        "delete_account" => deed("Delete your account, for good", &[]),
        "begin_app" => deed("Set up an authenticator app", &[]),
        "remove_app" => deed("Remove your authenticator app", &[]),
        "renew_recovery_codes" => deed("Make new recovery codes in place of all that you have", &[]),
        "allow_email_codes" => deed(
            "Change whether a code by e-mail can stand in for your second factor",
            &[("From now on it can", "allowed")],
        ),
        "remove_passkey" => deed("Remove a passkey", &[WHICH]),
        "connect" => deed("Connect an account elsewhere", &[WHICH]),
        "disconnect" => deed("Disconnect an account elsewhere", &[WHICH]),
        "sign_out_device" => deed("Sign out on another device", &[WHICH]),
        "sign_out_others" => deed("Sign out on all other devices", &[]),
        "create_token" => deed(
            "Make a token",
            &[
                ("Name", "form[name]"),
                ("What it may do", "form[scopes][]"),
                ("Days it is good for", "form[days]"),
            ],
        ),
        "revoke_token" => deed("Revoke a token", &[WHICH]),
        "create_organisation" => deed("Set up an organisation", &[("Name", "form[name]")]),
        "add_organisation_domain" => deed("Add a domain to your organisation", &[("Domain", "form[domain]")]),
        "prove_organisation_domain" => deed("Have a domain proved", &[("Domain", "domain")]),
        "remove_organisation_domain" => {
            deed("Remove a domain from your organisation", &[("Domain", "domain")])
        }
        "set_organisation_issuer" => {
            deed("Save the issuer of your organisation", &[("Issuer", "form[issuer]")])
        }
        "try_organisation_issuer" => deed("Try the issuer of your organisation", &[]),
        "require_organisation_issuer" => deed(
            "Change whether your organisation's issuer is required",
            &[("From now on it is", "required")],
        ),
        "remove_organisation" => deed("Remove your organisation", &[]),
        "suspend_account" => deed("Suspend this account", &[WHOSE, ("Reason", "reason")]),
        "reinstate_account" => deed("Let this account in again", &[WHOSE]),
        "verify_account" => deed("Call the address of this account confirmed", &[WHOSE]),
        "end_sessions" => deed("Sign this account out everywhere", &[WHOSE]),
        "change_roles" => deed("Change the roles of this account", &[WHOSE, (ROLES.1, ROLES.0)]),
        "begin_view" => deed("See what this account sees", &[WHOSE]),
        _ => None,
    }
}

/// A field of which there may be several and none, and its label.
const ROLES: (&str, &str) = ("roles[]", "Roles from now on");

impl Deed {
    /// The facts that a form gives, in words.
    fn told_by(&self, fields: &[(String, String)]) -> Vec<(&'static str, String)> {
        let told = self.facts.iter().filter_map(|(label, name)| {
            let values = fields.iter().filter(|(field, _)| field == name);
            let values: Vec<_> = values.map(|(_, value)| in_words(name, value)).collect();
            match values.is_empty() {
                true if *name == ROLES.0 => Some((*label, "None".to_owned())),
                true => None,
                false => Some((*label, values.join(", "))),
            }
        });
        told.collect()
    }
}

fn in_words(field: &str, value: &str) -> String {
    let words = match (field, value) {
        ("form[purpose]", _) => {
            super::purposes().into_iter().find(|card| card.value == value).map(|card| card.label)
        }
        (field, _) if field == ROLES.0 => value.parse::<Role>().ok().map(|role| role.label().to_owned()),
        ("allowed" | "required", "true") => Some("Yes".to_owned()),
        ("allowed" | "required", _) => Some("No".to_owned()),
        _ => None,
    };
    words.unwrap_or_else(|| value.to_owned())
}

/// The page with a mark by which it says that the form was not sent.
pub fn unsent(page: &str) -> String {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let rest: Vec<_> =
        query.split('&').filter(|pair| !pair.is_empty() && *pair != "unsent=1").chain(["unsent=1"]).collect();
    format!("{path}?{}", rest.join("&"))
}

/// Where a form is confirmed that was refused for want of a proof, and that cannot be kept.
pub fn confirm_and_come_back(page: &str) -> String {
    format!("/confirm?next={}", encode(&unsent(page)))
}

/// What a page says to who comes back to it after a proof without the form they had sent.
pub(super) fn was_not_sent(mark: &str) -> impl IntoView + use<> {
    (mark == "1").then(|| {
        view! {
            <div class="mb-6">
                <Notice kind=NoticeKind::Warning>"Nothing has been changed yet. Please send the form again."</Notice>
            </div>
        }
    })
}

/// Says in words whom or what a form is about.
#[component]
pub fn AboutField(#[prop(into)] about: String) -> impl IntoView {
    view! { <input type="hidden" name=ABOUT value=about /> }
}

/// The form that waits, as fields of the forms with which one proves who one is. Nothing where none does.
#[component]
pub fn HeldFields() -> impl IntoView {
    Held::waiting().map(|held| {
        view! {
            <input type="hidden" name="held[action]" value=held.action />
            <input type="hidden" name="held[fields]" value=held.fields />
        }
    })
}

/// The form that waited, after the proof: its sender sees what it does before they send it.
#[component]
pub fn SendNow(held: Held) -> impl IntoView {
    let Held { action, fields } = held;
    let fields_sent = kept(&fields);
    let deed = deed(&action);
    let facts = deed.as_ref().map(|deed| deed.told_by(&fields_sent)).filter(|facts| !facts.is_empty());
    let what = deed.map(|deed| deed.what);
    let kind = match action.as_str() {
        "/api/delete_account" | "/api/remove_organisation" | "/api/suspend_account" => ButtonKind::Danger,
        _ => ButtonKind::Primary,
    };
    let page = page_of(&action, &fields).unwrap_or_else(|| "/account".to_owned());
    let inputs: Vec<_> = fields_sent
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect();
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader
                title="Thank you. One step is left"
                lede="Nothing has been changed yet. This is what you were about to do:"
            />
            <section class="card mb-6" aria-label="What you were about to do">
                <p class="label">{what}</p>
                {facts.map(|facts| view! { <div class="mt-3"><Facts facts /></div> })}
            </section>
            <form class="form-actions" method="post" action=action>
                {inputs}
                <Button kind>"Send it now"</Button>
                <LinkButton href=page kind=ButtonKind::Quiet>"Back to the form"</LinkButton>
            </form>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_held_and_no_secret_is() {
        let body = "form%5Bissuer%5D=https%3A%2F%2Flogin.example.com&form%5Bclient_secret%5D=hush&password=hush\
                    &form%5Bcurrent_password%5D=hush&code=hush&recovery_code=hush&answer=hush&form%5Bscopes%5D%5B%5D=a";
        let held = Held::of("/api/set_organisation_issuer", body).unwrap();
        assert!(
            held.fields.contains("login.example.com") && held.fields.contains("scopes"),
            "{}",
            held.fields
        );
        assert!(!held.fields.contains("hush"), "{}", held.fields);
        let smuggled = Held { action: held.action, fields: body.to_owned() }.sent_back().unwrap();
        assert_eq!(smuggled.fields, held.fields);
    }

    #[test]
    fn only_forms_that_ask_for_a_proof_are_held() {
        for action in
            ["/api/create_job", "/api/change_password", "/api/confirm", "https://evil.example", "", "//x"]
        {
            let sent = Held { action: action.to_owned(), fields: String::new() };
            assert!(sent.sent_back().is_none(), "{action}");
        }
    }

    #[test]
    fn its_sender_sees_whom_and_what_a_form_is_about() {
        let told = |action: &str, fields: &str| deed(action).unwrap().told_by(&kept(fields));
        let roles = "user=7&about=Ulf%2C+ulf%40example.com&roles%5B%5D=admin&roles%5B%5D=user_client";
        let whose = ("Whose", "Ulf, ulf@example.com".to_owned());
        let labels = format!("{}, {}", Role::Admin.label(), Role::Client.label());
        assert_eq!(told("/api/change_roles", roles), [whose.clone(), ("Roles from now on", labels)]);
        let (none, _) = roles.split_once("&roles").unwrap();
        assert_eq!(told("/api/change_roles", none), [whose, ("Roles from now on", "None".to_owned())]);
        let purpose = told("/api/save_account", "form%5Bpurpose%5D=client");
        assert_eq!(purpose, [("What you do here", "I look for people".to_owned())]);
        let scopes = "form%5Bscopes%5D%5B%5D=jobs%3Aread&form%5Bscopes%5D%5B%5D=profile%3Aread";
        assert_eq!(
            told("/api/create_token", scopes),
            [("What it may do", "jobs:read, profile:read".to_owned())]
        );
    }

    #[test]
    fn a_page_is_marked_once() {
        assert_eq!(unsent("/account/password"), "/account/password?unsent=1");
        assert_eq!(unsent("/account?saved=1&unsent=1"), "/account?saved=1&unsent=1");
    }

    #[test]
    fn what_is_sent_now_is_shown_as_text() {
        let held = Held::of("/api/ask_email_change", "form%5Bemail%5D=%22%3E%3Cscript%3E").unwrap();
        let html = Owner::new().with(|| view! { <SendNow held /> }.to_html());
        assert!(html.contains("Change your e-mail address") && html.contains("Send it now"), "{html}");
        assert!(html.contains("/account/email") && !html.contains("<script"), "{html}");
    }
}
