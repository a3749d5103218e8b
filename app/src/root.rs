//! The document and the routes.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    hooks::use_location,
    path,
};

use crate::{
    account, admin, freelancers, home, jobs, live, mailbox,
    page::{NotFound, here},
    ssr, theme,
    ui::Shell,
};

/// Whether the pages that exist only to be measured are served.
#[derive(Clone, Copy, Debug)]
pub struct BenchmarkPages(pub bool);

/// Whether something on the page of this path comes alive in the browser. All others are sent
/// without a script.
fn has_island(path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    matches!(
        (parts.next(), parts.next(), parts.next(), parts.next()),
        (Some("matches"), None, ..) | (Some("jobs"), Some(_), Some("candidates"), None)
    )
}

/// The document around every page. `stylesheet` is the address of the style sheet, empty where the
/// site is not built.
pub fn shell(options: LeptosOptions, stylesheet: Arc<str>) -> impl IntoView {
    let theme = theme::chosen();
    // Told here, because a page without scripts would otherwise be marked up for hydration.
    if let Some(context) = Owner::current_shared_context() {
        context.set_is_hydrating(false);
    }
    // The live channel is for the person whose feed it is, not for whoever looks at their pages.
    let looked_at = ssr::viewer().is_some_and(|who| who.viewed_by.is_some());
    let alive = !looked_at && ssr::path().is_some_and(|path| has_island(&path));
    let scripts = alive.then(|| view! { <HydrationScripts options=options.clone() islands=true /> });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.attribute()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {(!stylesheet.is_empty()).then(|| view! { <link rel="stylesheet" href=stylesheet.clone() /> })}
                {scripts}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The title of a page with the name of the product. It is escaped here, because the framework
/// writes it into the document as it is, and jobs and people have titles and names of their own.
fn document_title(title: String) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if title.is_empty() { "8thDegree".to_owned() } else { format!("{title} · 8thDegree") }
}

/// The frame with the page of the present path in it.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=document_title />
        <Router>
            <Framed />
        </Router>
    }
}

#[component]
fn Framed() -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let bare = path == "/";
    let viewer = ssr::Viewer(ssr::viewer()).of_frame(ssr::own_picture());
    view! {
        <Shell viewer path here=here() theme=theme::chosen() bare>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=home::HomePage ssr=SsrMode::Async />
                <Route path=path!("/jobs") view=jobs::BrowsePage ssr=SsrMode::Async />
                <Route path=path!("/jobs/new") view=jobs::NewPage ssr=SsrMode::Async />
                <Route path=path!("/jobs/:id") view=jobs::JobPage ssr=SsrMode::Async />
                <Route path=path!("/jobs/:id/edit") view=jobs::EditPage ssr=SsrMode::Async />
                <Route path=path!("/jobs/:id/candidates") view=live::CandidatesPage ssr=SsrMode::Async />
                <Route path=path!("/jobs/:id/candidates/:freelancer") view=live::CandidateReceiptPage ssr=SsrMode::Async />
                <Route path=path!("/my/jobs") view=jobs::OwnJobsPage ssr=SsrMode::Async />
                <Route path=path!("/freelancers") view=freelancers::BrowsePage ssr=SsrMode::Async />
                <Route path=path!("/freelancers/:id") view=freelancers::FreelancerPage ssr=SsrMode::Async />
                <Route path=path!("/profile") view=freelancers::ProfilePage ssr=SsrMode::Async />
                <Route path=path!("/matches") view=live::MatchesPage ssr=SsrMode::Async />
                <Route path=path!("/matches/:job") view=live::MatchReceiptPage ssr=SsrMode::Async />
                <Route path=path!("/sign-up") view=account::SignUpPage ssr=SsrMode::Async />
                <Route path=path!("/sign-up/sent") view=account::SignUpSentPage ssr=SsrMode::Async />
                <Route path=path!("/sign-up/confirm") view=account::ConfirmSignUpPage ssr=SsrMode::Async />
                <Route path=path!("/forgotten") view=account::ForgottenPage ssr=SsrMode::Async />
                <Route path=path!("/reset") view=account::ResetPage ssr=SsrMode::Async />
                <Route path=path!("/mailbox") view=mailbox::MailboxPage ssr=SsrMode::Async />
                <Route path=path!("/mailbox/:id") view=mailbox::LetterPage ssr=SsrMode::Async />
                <Route path=path!("/sign-in") view=account::SignInPage ssr=SsrMode::Async />
                <Route path=path!("/sign-in/second") view=account::SecondFactorPage ssr=SsrMode::Async />
                <Route path=path!("/account/security") view=account::SecurityPage ssr=SsrMode::Async />
                <Route path=path!("/account/security/app") view=account::AuthenticatorPage ssr=SsrMode::Async />
                <Route path=path!("/account/security/codes") view=account::RecoveryCodesPage ssr=SsrMode::Async />
                <Route path=path!("/account/security/passkeys") view=account::PasskeysPage ssr=SsrMode::Async />
                <Route path=path!("/sign-in/with/:provider") view=account::LeavePage ssr=SsrMode::Async />
                <Route path=path!("/sign-up/finish") view=account::FinishPage ssr=SsrMode::Async />
                <Route path=path!("/account/organisation") view=account::OrganisationPage ssr=SsrMode::Async />
                <Route path=path!("/account/connections") view=account::ConnectionsPage ssr=SsrMode::Async />
                <Route path=path!("/account") view=account::AccountPage ssr=SsrMode::Async />
                <Route path=path!("/account/email") view=account::EmailPage ssr=SsrMode::Async />
                <Route path=path!("/account/email/confirm") view=account::ConfirmEmailPage ssr=SsrMode::Async />
                <Route path=path!("/account/password") view=account::PasswordPage ssr=SsrMode::Async />
                <Route path=path!("/account/devices") view=account::DevicesPage ssr=SsrMode::Async />
                <Route path=path!("/account/data") view=account::DataPage ssr=SsrMode::Async />
                <Route path=path!("/farewell") view=account::FarewellPage ssr=SsrMode::Async />
                <Route path=path!("/account/tokens") view=account::TokensPage ssr=SsrMode::Async />
                <Route path=path!("/account/tokens/new") view=account::NewTokenPage ssr=SsrMode::Async />
                <Route path=path!("/account/activity") view=account::ActivityPage ssr=SsrMode::Async />
                <Route path=path!("/admin/people") view=admin::PeoplePage ssr=SsrMode::Async />
                <Route path=path!("/admin/people/:id") view=admin::PersonPage ssr=SsrMode::Async />
                <Route path=path!("/admin/trail") view=admin::TrailPage ssr=SsrMode::Async />
                <Route path=path!("/signed-out") view=account::SignedOutPage ssr=SsrMode::Async />
                <Route path=path!("/confirm") view=account::ConfirmPage ssr=SsrMode::Async />
                <Route path=path!("/benchmark/table") view=home::TablePage ssr=SsrMode::Async />
            </FlatRoutes>
        </Shell>
    }
}

#[cfg(test)]
mod tests {
    use super::has_island;

    #[test]
    fn a_title_cannot_end_its_element() {
        let title = super::document_title("A</title><meta http-equiv=\"refresh\"> & more".to_owned());
        assert_eq!(title, "A&lt;/title&gt;&lt;meta http-equiv=\"refresh\"&gt; &amp; more · 8thDegree");
        assert_eq!(super::document_title(String::new()), "8thDegree");
    }

    #[test]
    fn only_the_live_lists_load_scripts() {
        for alive in ["/matches", "/matches/", "/jobs/1/candidates"] {
            assert!(has_island(alive), "{alive}");
        }
        for still in
            ["/", "/jobs", "/jobs/1", "/matches/1", "/jobs/1/candidates/2", "/candidates", "/my/jobs"]
        {
            assert!(!has_island(still), "{still}");
        }
    }
}
