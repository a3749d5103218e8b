use chrono::SecondsFormat;
use leptos::prelude::*;
use leptos_meta::Title;
use services::mailbox::{self, Kept, Listed};

use super::letter::{Piece, pieces};
use crate::{
    page::{page, param},
    ssr,
    ui::*,
};

/// Tells where letters are to be read, where that is on this site.
#[component]
pub fn MailboxHint() -> impl IntoView {
    mailbox::is_here(&ssr::services()).then(|| {
        view! {
            <div class="mb-6">
                <Notice title="This is a demonstration">
                    <p>"Letters are sent to nobody. " <a href="/mailbox">"Read them in the mailbox"</a> "."</p>
                </Notice>
            </div>
        }
    })
}

/// All letters of the demonstration.
#[component]
pub fn MailboxPage() -> impl IntoView {
    let services = ssr::services();
    ssr::private();
    page(async move {
        let letters = mailbox::list(&services).await?;
        let now = services.now().timestamp_millis();
        let empty = letters.is_empty();
        let rows: Vec<_> = letters.into_iter().map(|letter| row(letter, now)).collect();
        Ok(view! {
            <Title text="Mailbox" />
            <div class="max-w-2xl mx-auto">
                <PageHeader
                    title="Mailbox"
                    lede="This is a demonstration: what it would send by e-mail stays here, for everybody to read."
                />
                {if empty {
                    view! {
                        <EmptyState
                            title="No letters yet"
                            text="Sign up, or ask for a new password: the letter lands here in a moment."
                            action=Some(("Sign up".to_owned(), "/sign-up".to_owned()))
                        />
                    }
                        .into_any()
                } else {
                    view! { <ul class="rows">{rows}</ul> }.into_any()
                }}
            </div>
        })
    })
}

fn row(letter: Listed, now: i64) -> AnyView {
    let at = letter.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let words = ago(letter.at.timestamp_millis(), now);
    view! {
        <li class="row">
            <div class="min-w-0">
                <p class="row-title">
                    <a href=format!("/mailbox/{}", letter.id)>{letter.subject}</a>
                </p>
                <p class="hint">{format!("To {} · ", letter.to)} <RelativeTime datetime=at words /></p>
            </div>
        </li>
    }
    .into_any()
}

/// One of them.
#[component]
pub fn LetterPage() -> impl IntoView {
    let services = ssr::services();
    let id = param("id");
    ssr::private();
    page(async move {
        let letter = mailbox::read(&services, id?).await?;
        let now = services.now().timestamp_millis();
        Ok(view! {
            <Title text=letter.subject.clone() />
            <Letter letter now />
        })
    })
}

#[component]
fn Letter(letter: Kept, now: i64) -> impl IntoView {
    let at = letter.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let words = ago(letter.at.timestamp_millis(), now);
    let text: Vec<_> = pieces(&letter.text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => view! { <p>{text}</p> }.into_any(),
            Piece::Link(address) => {
                view! { <p class="break-all"><a href=address.clone()>{address.clone()}</a></p> }.into_any()
            }
        })
        .collect();
    let trail = vec![("Mailbox".to_owned(), "/mailbox".to_owned()), (letter.subject.clone(), String::new())];
    view! {
        <div class="max-w-2xl mx-auto">
            <Breadcrumb trail />
            <article class="card mt-4">
                <h1>{letter.subject}</h1>
                <p class="hint mt-1 mb-6">{format!("To {} · ", letter.to)} <RelativeTime datetime=at words /></p>
                <div class="prose">{text}</div>
            </article>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_into_a_letter_stays_text() {
        let letter = Kept {
            to: "ada@example.com".into(),
            subject: "<script>1</script>".into(),
            at: chrono::DateTime::UNIX_EPOCH,
            text: "<img src=x onerror=alert(1)>\n\nhttps://a.example/\"onmouseover=\"alert(1)\n".into(),
            html: String::new(),
        };
        let html = Owner::new().with(|| view! { <Letter letter now=0 /> }.to_html());
        assert!(!html.contains("<script>") && !html.contains("<img"), "{html}");
        assert!(html.contains("href=\"https://a.example/&quot;onmouseover=&quot;alert(1)\""), "{html}");
    }
}
