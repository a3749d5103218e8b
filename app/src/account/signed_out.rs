use leptos::prelude::*;
use leptos_meta::Title;

use super::held::kept;
use crate::{
    page::go,
    ssr::{self, FormReplay},
    ui::*,
};

/// What somebody sent after their session had ended. It is kept on the page, to be sent once more
/// when they are signed in again.
#[component]
pub fn SignedOutPage() -> impl IntoView {
    let Some(held) = ssr::held_back() else {
        go("/sign-in");
        return ().into_any();
    };
    view! {
        <Title text="Please sign in again" />
        <SignedOut held />
    }
    .into_any()
}

#[component]
fn SignedOut(held: FormReplay) -> impl IntoView {
    let fields: Vec<_> = kept(&held.body)
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect();
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader
                title="Please sign in again"
                lede="You were signed out before this arrived. Nothing is lost: what you wrote is kept on this page."
            />
            <ol class="next-steps">
                <li>
                    <a class="button button-primary" href="/sign-in" target="_blank" rel="noopener">
                        "Sign in in a new tab"
                    </a>
                </li>
                <li>
                    <form method="post" action=held.action>
                        {fields}
                        <Button>"Then send it again"</Button>
                    </form>
                </li>
            </ol>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_was_written_is_kept_and_passwords_are_not() {
        let held = FormReplay {
            action: "/api/create_job".into(),
            body: "form%5Btitle%5D=%22%3E%3Cscript%3E&form%5Bpassword%5D=secret".into(),
            error: ErrorKind::SignedOut.into(),
        };
        let html = Owner::new().with(|| view! { <SignedOut held /> }.to_html());
        assert!(html.contains("form[title]") && html.contains("&quot;&gt;"), "{html}");
        assert!(!html.contains("<script") && !html.contains("secret"), "{html}");
    }
}
