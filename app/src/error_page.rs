//! The page for an error before or around all pages. It needs nothing but itself, because all else
//! may be broken when it is shown.

use leptos::prelude::*;

use crate::{
    error::{ApiError, ErrorKind},
    ui::{EmptyState, Shell, Theme, Viewer},
};

/// The whole document. `stylesheet` is empty where the site is not built; `request` is the number by
/// which the person can ask about it; `viewer` is whoever is known to be signed in.
pub fn error_page(
    error: &ApiError,
    request: Option<String>,
    viewer: Option<Viewer>,
    theme: Theme,
    stylesheet: &str,
) -> String {
    let title = heading(error.kind);
    let action = match error.kind {
        ErrorKind::SignedOut => ("Sign in", "/sign-in"),
        _ => ("To the start page", "/"),
    };
    let text = error.message.clone();
    Owner::new().with(|| {
        view! {
            <!DOCTYPE html>
            <html lang="en" data-theme=theme.attribute()>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <title>{format!("{title} · 8thDegree")}</title>
                    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                    {(!stylesheet.is_empty())
                        .then(|| view! { <link rel="stylesheet" href=stylesheet.to_owned() /> })}
                </head>
                <body>
                    <Shell viewer path="" theme>
                        <EmptyState
                            title
                            text
                            action=Some((action.0.to_owned(), action.1.to_owned()))
                            whole_page=true
                        />
                        {request.map(|id| view! { <p class="hint text-center">{format!("Request {id}")}</p> })}
                    </Shell>
                </body>
            </html>
        }
        .to_html()
    })
}

const fn heading(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Malformed => "We could not read that",
        ErrorKind::SignedOut => "Please sign in",
        ErrorKind::Forbidden => "Not allowed",
        ErrorKind::ProofNeeded => "Is it you?",
        ErrorKind::NotFound => "Not found",
        ErrorKind::NotAllowed => "Not possible here",
        ErrorKind::TooSlow => "That took too long",
        ErrorKind::Conflict => "Changed meanwhile",
        ErrorKind::TooLarge => "Too large",
        ErrorKind::Invalid => "Something needs your attention",
        ErrorKind::TooMany => "Too often",
        ErrorKind::Internal => "Something went wrong",
        ErrorKind::Unavailable => "Back in a moment",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_like_every_other_page_and_takes_no_markup() {
        let error = ApiError::new(ErrorKind::Invalid, "<script>\"&");
        let page = error_page(&error, Some("17".into()), None, Theme::Dark, "/pkg/x.css");
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\" data-theme=\"dark\">"), "{page}");
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
        assert!(page.contains("site-header") && page.contains("Request 17"), "{page}");
        assert!(!page.contains("<!--"), "nothing in it is to be hydrated: {page}");
    }
}
