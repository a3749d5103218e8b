//! Server functions, for programs and for plain forms.
//!
//! A form sent by a browser is answered with a page: the one to go on to, or the same one again with
//! what is wrong and all that was typed. Programs get JSON with a fitting status.

use app::{
    access::is_on_the_way_to_a_second_factor,
    account::{Held, confirm_and_come_back},
    cookie::Transport,
    error::{ApiError, ErrorKind},
    page::{encode, page_of},
    ssr::{
        ClientAddress, FormReplay, OwnPicture, Reveal, Revealed, Shown, SiteOrigin, Unencrypted, Viewer,
        local_path,
    },
};
use axum::{
    Json,
    body::Body,
    extract::{Request, State as Extracted},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::server_fn::{axum::get_server_fn_service, error::SERVER_FN_ERROR_HEADER};

use super::{
    body::{is_form, read},
    doors::Answers,
    observe::RequestId,
    origin::referring_page,
    refusal::{self, Refusal, wants_html},
};
use crate::State;

/// What answers server functions: the state, and the pages that refused forms go back to.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) state: State,
    pub(crate) pages: Answers,
}

/// The largest error that a server function can send; all of them are far smaller.
const MAX_ERROR: usize = 256 * 1024;

/// Handler of `/api/{function}`, for those that there are.
pub(crate) async fn call(Extracted(api): Extracted<Api>, request: Request) -> Response {
    match answer(&api, request).await {
        Ok(response) => response,
        Err(error) => Refusal(error).into_response(),
    }
}

async fn answer(api: &Api, request: Request) -> Result<Response, ApiError> {
    let form = *request.method() == Method::POST && wants_html(request.headers());
    let (mut parts, body) = request.into_parts();
    let limit = api.state.config().server.body_limit_kib as usize * 1024;
    let body = read(body, limit).await?;
    if !form {
        return run(api, Request::from_parts(parts, Body::from(body))).await?.into_answer();
    }
    if !is_urlencoded(&parts.headers) || !is_form(&body) {
        return Err(ErrorKind::Malformed.into());
    }
    // Asked as by a program: an error then comes back as one, not as a redirect.
    let asked = parts.clone();
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let back = referring_page(&asked.headers, api.state.config().server.public_url.as_deref());
    let body_text = String::from_utf8_lossy(&body).into_owned();
    let stood_on = || page_of(asked.uri.path(), &body_text);
    let back = back.filter(|page| may_see(&asked, page)).or_else(stood_on).unwrap_or_else(|| "/".to_owned());
    let reveal = Reveal::default();
    parts.extensions.insert(reveal.clone());
    let done = run(api, Request::from_parts(parts, Body::from(body.clone()))).await?;
    match done.outcome {
        Ok(response) => {
            let page = match reveal.take() {
                Some(Shown::Secret(page, secret)) => rendered(api, &asked, page, Revealed(secret)).await,
                Some(Shown::Held(held)) => match held.to_be_completed() {
                    Some((page, form)) => rendered(api, &asked, &page, form).await,
                    None => rendered(api, &asked, "/confirm", held).await,
                },
                None => None,
            };
            let Some(mut page) = page else { return Ok(go_on(&response, &back)) };
            carry(&done.cookies, page.headers_mut());
            Ok(page)
        }
        // Nothing was done, and whoever sent it is told so: the page of the proof keeps what they sent, or
        // their own page asks for it again.
        Err(error) if error.kind == ErrorKind::ProofNeeded => {
            let action = asked.uri.path().to_owned();
            let Some(_) = Held::of(&action, &body_text) else {
                return Ok(go_on(&StatusCode::OK.into_response(), &confirm_and_come_back(&back)));
            };
            let replay = FormReplay { action, body: body_text, error };
            let confirm = format!("/confirm?next={}", encode(&back));
            Ok(show_again(api, &asked, &confirm, replay, &done.cookies).await)
        }
        // Of these there is nothing to keep: they hold a password, or nothing that was written.
        Err(error) if error.kind == ErrorKind::SignedOut && is_about_access(asked.uri.path()) => {
            Ok(go_on(&StatusCode::OK.into_response(), &format!("/sign-in?next={}", encode(&back))))
        }
        Err(error) => {
            let action = asked.uri.path().to_owned();
            let replay = FormReplay { action, body: body_text, error };
            let back = match replay.error.kind {
                // The page of the form is none for them any more; another one keeps what they wrote.
                ErrorKind::SignedOut => "/signed-out",
                _ => &back,
            };
            Ok(show_again(api, &asked, back, replay, &done.cookies).await)
        }
    }
}

fn is_about_access(action: &str) -> bool {
    let functions = [
        "ask_email_change",
        "change_password",
        "confirm",
        "confirm_with",
        "connect",
        "delete_account",
        "disconnect",
        "give_up_email_change",
        "request_export",
        "sign_out_device",
        "sign_out_others",
        "begin_app",
        "confirm_app",
        "remove_app",
        "renew_recovery_codes",
        "recovery_codes_kept",
        "allow_email_codes",
        "add_passkey",
        "rename_passkey",
        "remove_passkey",
        "forget_trusted_device",
        "forget_trusted_devices",
        "create_token",
        "revoke_token",
    ];
    action.strip_prefix("/api/").is_some_and(|function| functions.contains(&function))
}

/// Tells an address that is not there from a method that is not.
pub(super) fn unknown(path: &str) -> ApiError {
    let other =
        [Method::GET, Method::POST].into_iter().any(|method| get_server_fn_service(path, method).is_some());
    if other { ErrorKind::NotAllowed.into() } else { ErrorKind::NotFound.into() }
}

/// What a server function answered.
struct Done {
    outcome: Result<Response, ApiError>,
    cookies: Vec<HeaderValue>,
}

impl Done {
    /// For a program.
    fn into_answer(self) -> Result<Response, ApiError> {
        let mut response = match self.outcome {
            Ok(response) => return Ok(response),
            Err(error) => {
                let mut response = (refusal::status(&error), Json(&error)).into_response();
                refusal::tell_when(&error, response.headers_mut());
                response
            }
        };
        let marked = HeaderValue::from_static("error");
        response.headers_mut().insert(SERVER_FN_ERROR_HEADER, marked);
        carry(&self.cookies, response.headers_mut());
        Ok(response)
    }
}

async fn run(api: &Api, request: Request) -> Result<Done, ApiError> {
    let services = api.state.services().clone();
    let context = move || leptos::context::provide_context(services.clone());
    let response = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    let cookies = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return Ok(Done { outcome: Ok(response), cookies });
    }
    let error = read(response.into_body(), MAX_ERROR).await?;
    let error = serde_json::from_slice(&error).unwrap_or_else(|_| ErrorKind::Internal.into());
    Ok(Done { outcome: Err(error), cookies })
}

/// After a form that was accepted: to where the server function says, or back to its page.
fn go_on(response: &Response, back: &str) -> Response {
    let asked = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    let to = local_path(asked.unwrap_or(back)).to_owned();
    let mut answer = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    carry(&cookies, answer.headers_mut());
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// After a form that was refused: the page it came from, with the form as it was sent.
pub(crate) async fn show_again(
    api: &Api,
    asked: &Parts,
    back: &str,
    replay: FormReplay,
    cookies: &[HeaderValue],
) -> Response {
    let error = replay.error.clone();
    let fallback = Refusal(error.clone());
    let Some(mut response) = rendered(api, asked, back, replay).await else {
        return fallback.into_response();
    };
    // A page that is itself not to be had, gone or forbidden, would only hide the error.
    if !response.status().is_success() {
        return if response.status().is_server_error() { response } else { fallback.into_response() };
    }
    *response.status_mut() = refusal::status(&error);
    refusal::tell_when(&error, response.headers_mut());
    carry(cookies, response.headers_mut());
    response
}

/// Whether a page is open to the sender of a form, as far as they may owe a second factor: what is
/// rendered here did not come by the door at which that is looked at.
fn may_see(asked: &Parts, page: &str) -> bool {
    let owes = asked
        .extensions
        .get::<Viewer>()
        .and_then(|viewer| viewer.0.as_ref())
        .is_some_and(|who| who.second_factor_due);
    !owes || page.parse().is_ok_and(|page: Uri| is_on_the_way_to_a_second_factor(page.path()))
}

/// A page as the sender of a form sees it, told one thing more. None if the address is none, or not open
/// to them.
async fn rendered<T>(api: &Api, asked: &Parts, page: &str, told: T) -> Option<Response>
where
    T: Clone + Send + Sync + 'static,
{
    if !may_see(asked, page) {
        return None;
    }
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = page.parse().ok()?;
    for name in [header::HOST, header::COOKIE, header::ACCEPT, header::ACCEPT_LANGUAGE, header::USER_AGENT] {
        if let Some(value) = asked.headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(viewer) = asked.extensions.get::<Viewer>() {
        request.extensions_mut().insert(viewer.clone());
    }
    if let Some(picture) = asked.extensions.get::<OwnPicture>() {
        request.extensions_mut().insert(picture.clone());
    }
    if let Some(address) = asked.extensions.get::<ClientAddress>() {
        request.extensions_mut().insert(*address);
    }
    if let Some(transport) = asked.extensions.get::<Transport>() {
        request.extensions_mut().insert(*transport);
    }
    if let Some(origin) = asked.extensions.get::<SiteOrigin>() {
        request.extensions_mut().insert(origin.clone());
    }
    if let Some(unencrypted) = asked.extensions.get::<Unencrypted>() {
        request.extensions_mut().insert(*unencrypted);
    }
    if let Some(id) = asked.extensions.get::<RequestId>() {
        request.extensions_mut().insert(id.clone());
    }
    request.extensions_mut().insert(told);
    Some(api.pages.clone().answer(request).await)
}

fn carry(cookies: &[HeaderValue], headers: &mut HeaderMap) {
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
}

fn is_urlencoded(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}
