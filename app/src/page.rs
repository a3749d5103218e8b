//! What every page has in common: it is loaded before a byte of it is sent, and where that fails
//! the status is right and a person is told what to do.

use domain::{JobId, UserId};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map, use_query_map};
use serde::{Deserialize, de::DeserializeOwned};

use tracing::Instrument as _;

use crate::{
    error::{ApiError, ErrorKind},
    ssr,
    ui::{Button, ButtonKind, EmptyState, ErrorSummary, Notice, NoticeKind},
};

/// Shows what `load` makes, or the page for its error.
pub fn page<V>(load: impl Future<Output = Result<V, ApiError>> + Send + 'static) -> impl IntoView
where
    V: IntoView + 'static,
{
    let here = here();
    // What it logs belongs to this request, whoever awaits it.
    let load = load.in_current_span();
    Suspend::new(async move {
        match load.await {
            Ok(view) => view.into_any(),
            Err(error) => failed(&error, &here).into_any(),
        }
    })
}

/// Answers with another page instead of this one, whatever asked for it. Return after it.
pub fn go(path: &str) {
    ssr::redirect(path);
    ssr::set_status(303);
}

/// The path and query of this page.
pub fn here() -> String {
    let location = use_location();
    let (path, query) = (location.pathname.get_untracked(), location.search.get_untracked());
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// The page for an error. Whoever is not signed in is led to where they can.
fn failed(error: &ApiError, here: &str) -> impl IntoView + use<> {
    if error.kind == ErrorKind::SignedOut {
        go(&format!("/sign-in?next={}", encode(here)));
        return ().into_any();
    }
    if error.kind == ErrorKind::ProofNeeded {
        // A proof would be the other person's to give.
        if ssr::viewer().is_some_and(|who| who.viewed_by.is_some()) {
            return view! { <NotWhileViewing /> }.into_any();
        }
        go(&format!("/confirm?next={}", encode(here)));
        return ().into_any();
    }
    ssr::set_status(error.status());
    let (title, action) = match error.kind {
        ErrorKind::NotFound => ("Nothing at this bearing", ("Browse jobs", "/jobs")),
        ErrorKind::Forbidden => ("Not yours to enter", ("Your account", "/account")),
        ErrorKind::Unavailable => ("Back in a moment", ("Try again", here)),
        _ => ("This did not work", ("To the start", "/")),
    };
    view! {
        <Title text=title />
        <EmptyState
            title
            text=error.message.clone()
            action=Some((action.0.to_owned(), action.1.to_owned()))
            whole_page=true
        />
    }
    .into_any()
}

/// For whoever looks at somebody else's pages and comes to one that asks for a proof.
#[component]
fn NotWhileViewing() -> impl IntoView {
    ssr::set_status(ErrorKind::Forbidden.status());
    let title = "For its owner alone";
    view! {
        <Title text=title />
        <EmptyState
            title
            text="You are looking at somebody else's pages, and this one asks its owner to prove who they are. Go back to your own first."
            whole_page=true
        />
        <form class="text-center" method="post" action="/api/end_view">
            <Button kind=ButtonKind::Primary>"Back to your own pages"</Button>
        </form>
    }
    .into_any()
}

/// The page for an address that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    failed(&ErrorKind::NotFound.into(), "/")
}

/// A parameter of the path; one that cannot be read leads nowhere.
pub fn param<T: std::str::FromStr>(name: &str) -> Result<T, ApiError> {
    let text = use_params_map().get_untracked().get(name).unwrap_or_default();
    text.parse().map_err(|_| ErrorKind::NotFound.into())
}

/// A value of the query, empty where there is none.
pub fn query(name: &str) -> String {
    use_query_map().get_untracked().get(name).unwrap_or_default()
}

/// The whole query as a form. One that cannot be read counts as empty.
pub fn query_form<T: DeserializeOwned + Default>() -> T {
    let query = ssr::query_string().unwrap_or_default();
    serde_qs::Config::new(1, false).deserialize_str(&query).unwrap_or_default()
}

/// The refused form of a server function, read back from the body that was sent, with what is wrong
/// with it.
pub struct Refused<T> {
    pub arguments: T,
    pub error: ApiError,
}

/// The form that is to be shown again, if `action` has just refused one.
pub fn refused<T: DeserializeOwned>(action: &str) -> Option<Refused<T>> {
    let replay = ssr::replay(action)?;
    let arguments = serde_qs::Config::new(5, false).deserialize_str(&replay.body).ok()?;
    Some(Refused { arguments, error: replay.error })
}

/// What is wrong with the form of a server function, if `action` has just refused one of which nothing
/// is to come back: it had no fields, or they held a password or a code.
pub fn refusal(action: &str) -> Option<ApiError> {
    ssr::replay(action).map(|replay| replay.error)
}

/// The page on which the form for `action` stands, told from what the form sent. A browser that
/// sends a refused form once more names the action as the page it comes from; some never name any.
pub fn page_of(action: &str, body: &str) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Ids {
        job_id: String,
        user: String,
    }
    let ids: Ids = serde_qs::Config::new(5, false).deserialize_str(body).unwrap_or_default();
    let person = || ids.user.parse::<UserId>().ok();
    let job = || ids.job_id.parse::<JobId>().ok();
    Some(match action.strip_prefix("/api/")? {
        "sign_in" | "passkey_sign_in" => "/sign-in".to_owned(),
        "second_factor" | "send_sign_in_code" => "/sign-in/second".to_owned(),
        "allow_email_codes" => "/account/security".to_owned(),
        "begin_app" | "give_up_app" | "confirm_app" | "remove_app" => "/account/security/app".to_owned(),
        "renew_recovery_codes" | "recovery_codes_kept" => "/account/security/codes".to_owned(),
        "add_passkey" | "rename_passkey" | "remove_passkey" => "/account/security/passkeys".to_owned(),
        "sign_up" => "/sign-up".to_owned(),
        "request_export" | "delete_account" => "/account/data".to_owned(),
        "save_account" | "save_private_details" | "remove_picture" => "/account".to_owned(),
        "send_sign_up_again" => "/sign-up/sent".to_owned(),
        "confirm_sign_up" => "/sign-up/confirm".to_owned(),
        "ask_reset" => "/forgotten".to_owned(),
        "reset_password" => "/reset".to_owned(),
        "ask_email_change" | "give_up_email_change" => "/account/email".to_owned(),
        "confirm_email_change" => "/account/email/confirm".to_owned(),
        "continue_with" => "/sign-in".to_owned(),
        "finish_sign_up" => "/sign-up/finish".to_owned(),
        "continue_with_organisation" => "/sign-in".to_owned(),
        action if action.contains("_organisation") => "/account/organisation".to_owned(),
        "connect" | "disconnect" => "/account/connections".to_owned(),
        "confirm" | "confirm_with" => "/confirm".to_owned(),
        "change_password" => "/account/password".to_owned(),
        "sign_out_device" | "sign_out_others" | "forget_trusted_device" | "forget_trusted_devices" => {
            "/account/devices".to_owned()
        }
        "create_token" => "/account/tokens/new".to_owned(),
        "revoke_token" => "/account/tokens".to_owned(),
        "save_profile" => "/profile".to_owned(),
        "create_job" => "/jobs/new".to_owned(),
        "edit_job" => format!("/jobs/{}/edit", job()?),
        "publish_job" | "close_job" => format!("/jobs/{}", job()?),
        "block" | "unblock" => format!("/freelancers/{}", person()?),
        "suspend_account" | "reinstate_account" | "verify_account" | "end_sessions" | "change_roles"
        | "begin_view" => format!("/admin/people/{}", person()?),
        _ => return None,
    })
}

/// Text as it stands in a query.
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0').to_ascii_uppercase());
                out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
        out
    })
}

/// What stands above a form that was refused: its faults, each leading to its field, or else the
/// one reason. Nothing where none was.
pub fn faults(error: Option<&ApiError>, labels: Vec<(&'static str, &'static str)>) -> impl IntoView + use<> {
    error.map(|error| {
        if error.fields.is_empty() {
            let message = error.message.clone();
            view! { <Notice kind=NoticeKind::Error>{message}</Notice> }.into_any()
        } else {
            view! { <ErrorSummary errors=error.fields.clone() labels /> }.into_any()
        }
    })
}

/// What has just been done, above the rest of a page.
pub fn success(what: Option<&'static str>) -> impl IntoView + use<> {
    what.map(|what| {
        view! {
            <div class="mb-6">
                <Notice kind=NoticeKind::Success>{what}</Notice>
            </div>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_again_on_its_page() {
        let id = "00000000-0000-7000-8000-000000000001";
        let body = format!("job_id={id}&user={id}&form%5Btitle%5D=x&form%5Bregions%5D%5B%5D=EU");
        let page = |action: &str| page_of(action, &body);
        assert_eq!(page("/api/sign_in").as_deref(), Some("/sign-in"));
        assert_eq!(page("/api/edit_job"), Some(format!("/jobs/{id}/edit")));
        assert_eq!(page("/api/close_job"), Some(format!("/jobs/{id}")));
        assert_eq!(page("/api/block"), Some(format!("/freelancers/{id}")));
        assert_eq!(page("/api/change_roles"), Some(format!("/admin/people/{id}")));
        assert_eq!(page("/api/theme"), None);
        assert_eq!(page_of("/api/edit_job", "job_id=..%2F..%2Fadmin"), None);
    }
}
