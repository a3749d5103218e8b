use leptos::prelude::*;

use super::{
    avatar::{Avatar, AvatarSize},
    button::{ButtonKind, ButtonSize, LinkButton},
    icon::{Glyph, Icon},
    mark::Logo,
};

/// Who looks at the page, as far as the frame of the page must know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    pub name: String,
    /// Where their picture is, if they have one.
    pub picture: Option<String>,
    pub is_freelancer: bool,
    pub is_client: bool,
    pub is_admin: bool,
    /// Somebody else looks at this person's pages: their name.
    pub viewed_by: Option<String>,
}

/// The colours a person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device has it.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Auto];

    /// The value in the form and in the cookie.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the cookie; anything unknown means auto.
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// What `data-theme` on `<html>` is to be; none for auto.
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            other => Some(other.as_str()),
        }
    }
}

type NavItem = (&'static str, &'static str, Glyph);

/// Where a viewer goes most: text, address, pictogram; at most five.
fn destinations(viewer: Option<&Viewer>) -> Vec<NavItem> {
    let mut items = Vec::with_capacity(5);
    if let Some(viewer) = viewer {
        if viewer.is_freelancer {
            items.push(("My matches", "/matches", Glyph::Dial));
        }
        if viewer.is_client {
            items.push(("My jobs", "/my/jobs", Glyph::Person));
        }
    }
    items.push(("Jobs", "/jobs", Glyph::Briefcase));
    items.push(("Freelancers", "/freelancers", Glyph::People));
    if viewer.is_some_and(|viewer| viewer.is_client) {
        items.push(("Post a job", "/jobs/new", Glyph::Plus));
    }
    items
}

/// The frame of a page: skip link, header, main column, footer. Goes straight into `<body>`.
#[component]
pub fn Shell(
    #[prop(optional_no_strip)] viewer: Option<Viewer>,
    /// The path of this page, such as `/jobs`; marks the place in the navigation.
    #[prop(into)]
    path: String,
    /// The path with its query, where the theme form leads back to; none for where one came from.
    #[prop(optional, into)]
    here: String,
    #[prop(optional)] theme: Theme,
    /// A narrow column, for forms and texts.
    #[prop(optional)]
    narrow: bool,
    /// No padding and no column: the page draws its own, as the landing page does.
    #[prop(optional)]
    bare: bool,
    children: Children,
) -> impl IntoView {
    let main_class = match (bare, narrow) {
        (true, _) => "flex-1",
        (false, true) => "page page-main page-narrow",
        (false, false) => "page page-main",
    };
    view! {
        <a class="skip-link" href="#main">"Skip to content"</a>
        {viewer.clone().and_then(|viewer| viewer.viewed_by.map(|by| view! { <ViewBanner by name=viewer.name /> }))}
        <SiteHeader viewer path />
        <main id="main" tabindex="-1" class=main_class>
            {children()}
        </main>
        <SiteFooter here theme />
    }
    .into_any()
}

/// Says above everything that somebody looks at another person's pages, and leads back.
#[component]
fn ViewBanner(by: String, name: String) -> impl IntoView {
    view! {
        <aside class="view-banner" aria-label="Looking at another person's pages">
            <p>
                <strong>{by}</strong> ", you see what " <strong>{name}</strong>
                " sees, but for their private details. You can change nothing."
            </p>
            <form method="post" action="/api/end_view">
                <button class="button button-small" type="submit">"Back to your own pages"</button>
            </form>
        </aside>
    }
    .into_any()
}

/// The header with the navigation; on phones the navigation is a bar at the bottom.
#[component]
pub fn SiteHeader(
    #[prop(optional_no_strip)] viewer: Option<Viewer>,
    #[prop(into)] path: String,
    /// What screen readers call the navigation; different for each where a page shows several.
    #[prop(default = "Main")]
    label: &'static str,
) -> impl IntoView {
    let links: Vec<_> = destinations(viewer.as_ref())
        .into_iter()
        .map(|(text, href, glyph)| {
            view! {
                <a href=href aria-current=(path == href).then_some("page")>
                    <Icon glyph />
                    <span>{text}</span>
                </a>
            }
        })
        .collect();
    view! {
        <header class="site-header">
            <div class="page site-bar">
                <Logo />
                <nav class="nav" aria-label=label>
                    {links}
                </nav>
                <div class="site-actions">
                    {match viewer {
                        Some(viewer) => view! { <AccountMenu viewer /> }.into_any(),
                        None => {
                            view! {
                                <LinkButton href="/sign-in" kind=ButtonKind::Quiet size=ButtonSize::Small>
                                    "Sign in"
                                </LinkButton>
                                <LinkButton href="/sign-up" kind=ButtonKind::Primary size=ButtonSize::Small>
                                    "Join"
                                </LinkButton>
                            }
                                .into_any()
                        }
                    }}
                </div>
            </div>
        </header>
    }
    .into_any()
}

/// What belongs to one's account, behind one's initials; opens without JavaScript.
#[component]
fn AccountMenu(viewer: Viewer) -> impl IntoView {
    let name = viewer.name.clone();
    view! {
        <details class="menu" name="account-menu">
            <summary>
                <Avatar name=viewer.name.clone() picture=viewer.picture size=AvatarSize::Small />
                <span class="sr-only">"Account of "</span>
                <span class="sr-only lg:not-sr-only lg:max-w-56 lg:truncate">{name}</span>
            </summary>
            <div class="menu-sheet">
                <p class="hint px-3 pb-1 lg:hidden">{viewer.name}</p>
                {viewer.is_freelancer.then(|| view! { <a href="/profile">"My profile"</a> })}
                {viewer.is_client.then(|| view! { <a href="/my/jobs">"My jobs"</a> })}
                <a href="/account">"Account"</a>
                {viewer.is_admin.then(|| view! { <a href="/admin/people">"Administration"</a> })}
                <form method="post" action="/api/sign_out">
                    <button type="submit">"Sign out"</button>
                </form>
            </div>
        </details>
    }
    .into_any()
}

/// The footer, with the choice of colours.
#[component]
pub fn SiteFooter(#[prop(into)] here: String, #[prop(optional)] theme: Theme) -> impl IntoView {
    view! {
        <footer class="site-footer">
            <div class="rule" aria-hidden="true"></div>
            <div class="page site-footer-bar">
                <p>"8thDegree. How well two people fit, in degrees."</p>
                <ThemeForm next=here theme />
            </div>
        </footer>
    }
    .into_any()
}

/// Light, dark or as the device has it: a plain form to `/api/theme` with `theme` and `next`.
#[component]
pub fn ThemeForm(#[prop(into)] next: String, #[prop(optional)] theme: Theme) -> impl IntoView {
    let buttons: Vec<_> = Theme::ALL
        .into_iter()
        .map(|one| {
            let label = match one {
                Theme::Light => "Light",
                Theme::Dark => "Dark",
                Theme::Auto => "Auto",
            };
            view! {
                <button
                    type="submit"
                    name="theme"
                    value=one.as_str()
                    aria-pressed=if one == theme { "true" } else { "false" }
                >
                    {label}
                </button>
            }
        })
        .collect();
    view! {
        <form class="theme-switch" method="post" action="/api/theme" aria-label="Colours">
            <input type="hidden" name="next" value=next />
            {buttons}
        </form>
    }
    .into_any()
}
