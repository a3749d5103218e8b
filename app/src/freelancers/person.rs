use domain::{
    UserId,
    profile::{Profile, ProfileContent, Visibility},
    skill::SkillLevel,
};
use leptos::prelude::*;
use leptos_meta::Title;
use services::{pictures, profiles};

use crate::{
    head,
    page::{page, param},
    ssr,
    ui::*,
};

#[component]
pub fn FreelancerPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::viewer();
    let id = param::<UserId>("id");
    page(async move {
        let profiles::View { profile, own, blocked } = profiles::view(&services, who.as_ref(), id?).await?;
        let stance = match (own, &who) {
            (true, _) => Stance::Owner,
            (false, Some(_)) if blocked => Stance::Blocker,
            (false, Some(_)) => Stance::SignedIn,
            (false, None) => Stance::Stranger,
        };
        let title = format!("{}, {}", profile.display_name, profile.content.title);
        let description: String = profile.content.summary.chars().take(155).collect();
        head::describe(&description);
        let pictures = pictures::of_people(&services, &[profile.user_id]).await?;
        let picture = pictures.get(&profile.user_id).map(|picture| picture.path(profile.user_id));
        Ok(view! {
            <Title text=title />
            <ProfileView profile picture stance />
        })
    })
}

/// How the viewer stands to the person on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stance {
    Owner,
    Blocker,
    SignedIn,
    Stranger,
}

#[component]
fn ProfileView(profile: Profile, picture: Option<String>, stance: Stance) -> impl IntoView {
    let trail = vec![
        ("Freelancers".to_owned(), "/freelancers".to_owned()),
        (profile.display_name.clone(), String::new()),
    ];
    let facts = facts(&profile);
    let paused = profile.content.visibility == Visibility::Paused;
    let ProfileContent { title, summary, skills, links, .. } = profile.content;
    let levels: Vec<_> = SkillLevel::ALL
        .iter()
        .rev()
        .filter_map(|&level| {
            let tags: Vec<_> = skills
                .iter()
                .filter(|practised| practised.level == level)
                .map(|practised| {
                    let name = practised.skill.label.clone();
                    view! { <li><SkillTag name detail=years(practised.years) /></li> }
                })
                .collect();
            (!tags.is_empty()).then(|| {
                view! {
                    <div class="grid gap-2">
                        <h3 class="label">{level.label()}</h3>
                        <ul class="tags">{tags}</ul>
                    </div>
                }
            })
        })
        .collect();
    // Whoever wrote a link is not vouched for, and is not told who followed it.
    let links: Vec<_> = links
        .into_iter()
        .map(|link| {
            view! {
                <li>
                    <a href=link.url rel="nofollow ugc noopener noreferrer" class="inline-block py-1 wrap-anywhere">
                        {link.label}
                    </a>
                </li>
            }
        })
        .collect();
    view! {
        <Breadcrumb trail />
        <div class="flex flex-wrap items-center gap-x-5 gap-y-4 mb-8">
            <Avatar name=profile.display_name.clone() picture size=AvatarSize::Large />
            <div class="grow basis-64 min-w-0">
                <h1>{profile.display_name.clone()}</h1>
                <p class="lede">{title}</p>
            </div>
            {(stance == Stance::Owner)
                .then(|| {
                    view! {
                        <div class="flex flex-wrap items-center gap-3">
                            {paused.then(|| view! { <Badge text="Paused" tone=Tone::Warning /> })}
                            {(!paused).then(|| view! { <Badge text="Visible to clients" tone=Tone::Success /> })}
                            <LinkButton href="/profile" kind=ButtonKind::Primary>"Edit profile"</LinkButton>
                        </div>
                    }
                })}
        </div>
        {(stance == Stance::Blocker)
            .then(|| {
                view! {
                    <div class="mb-6">
                        <Notice>"You blocked this person: neither of you is matched with the other's jobs."</Notice>
                    </div>
                }
            })}
        <div class="with-aside">
            <div class="grid gap-8 min-w-0 content-start">
                <section aria-labelledby="about" class="grid gap-3">
                    <h2 id="about">"About"</h2>
                    <Prose text=summary />
                </section>
                <section aria-labelledby="skills" class="grid gap-4">
                    <h2 id="skills">"Skills"</h2>
                    {levels}
                </section>
                {(!links.is_empty())
                    .then(|| {
                        view! {
                            <section aria-labelledby="work" class="grid gap-2">
                                <h2 id="work">"Work elsewhere"</h2>
                                <ul>{links}</ul>
                            </section>
                        }
                    })}
                <Distance user=profile.user_id stance />
            </div>
            <aside class="card order-first lg:order-none" aria-label="At a glance">
                <Facts facts />
            </aside>
        </div>
    }
    .into_any()
}

fn facts(profile: &Profile) -> Vec<(&'static str, String)> {
    let content = &profile.content;
    let languages: Vec<_> = content
        .languages
        .iter()
        .map(|spoken| format!("{} ({})", spoken.language.label(), spoken.level.label().to_lowercase()))
        .collect();
    let mut facts = vec![
        ("Rate", format!("{} an hour", content.rate.label())),
        ("Free", format!("{} h a week", content.weekly_hours)),
        ("Experience", content.experience.label().to_owned()),
        ("Region", profile.region.label().to_owned()),
        ("Time zone", content.utc_offset.label()),
        ("Languages", languages.join(", ")),
    ];
    if content.on_site {
        facts.push(("On site", "Yes, in their region".to_owned()));
    }
    facts.push(("Here since", profile.created_at.format("%B %Y").to_string()));
    facts
}

fn years(years: u16) -> String {
    match years {
        0 => String::new(),
        1 => "1 year".to_owned(),
        years => format!("{years} years"),
    }
}

/// To keep out of each other's way; quiet, because few ever need it.
#[component]
fn Distance(user: UserId, stance: Stance) -> impl IntoView {
    match stance {
        Stance::Owner | Stance::Stranger => ().into_any(),
        Stance::Blocker => view! {
            <form method="post" action="/api/unblock">
                <input type="hidden" name="user" value=user.to_string() />
                <Button size=ButtonSize::Small>"Unblock this person"</Button>
            </form>
        }
        .into_any(),
        Stance::SignedIn => view! {
            <details class="hint">
                <summary class="py-2">"Block this person"</summary>
                <form method="post" action="/api/block" class="grid gap-3 justify-items-start pt-1">
                    <p>"Neither of you will be matched with the other's jobs. They are not told, and you can undo it here."</p>
                    <input type="hidden" name="user" value=user.to_string() />
                    <Button kind=ButtonKind::Danger size=ButtonSize::Small>"Block"</Button>
                </form>
            </details>
        }
        .into_any(),
    }
}
