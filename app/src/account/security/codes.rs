use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts::second_factor as factors;

use crate::{
    account::AccountLayout,
    page::{encode, faults, page, refusal},
    ssr,
    ui::*,
};

/// Where recovery codes are shown once, counted, and made anew.
#[component]
pub fn RecoveryCodesPage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let kept = ssr::new_codes();
    let error = refusal("/api/renew_recovery_codes");
    page(async move {
        let who = who?;
        let codes: Vec<&str> = kept.split('.').filter(|code| !code.is_empty()).collect();
        let new = factors::are_current(&services, &who, &codes).await?;
        let codes: Vec<String> =
            if new { codes.into_iter().map(str::to_owned).collect() } else { Vec::new() };
        let account = factors::check_up(&services, &who).await?;
        let (left, guarded) = (account.factors.recovery_codes, account.factors.guard());
        let email = account.email;
        Ok(view! {
            <Title text="Recovery codes" />
            <AccountLayout
                here="/account/security"
                title="Recovery codes"
                lede="Each lets you in once when your phone or passkey is lost. Keep them where you keep what you must not lose."
            >
                {faults(error.as_ref(), Vec::new())}
                {if !codes.is_empty() {
                    view! { <NewCodes codes email /> }.into_any()
                } else if guarded {
                    view! { <Left left /> }.into_any()
                } else {
                    view! {
                        <EmptyState
                            title="None yet"
                            text="They come with your first second factor."
                            action=Some(("To your security".to_owned(), "/account/security".to_owned()))
                        />
                    }
                        .into_any()
                }}
            </AccountLayout>
        })
    })
}

/// Shown once, to be printed, copied or downloaded.
#[component]
fn NewCodes(codes: Vec<String>, email: String) -> impl IntoView {
    let text = format!("8thDegree recovery codes of {email}\nEach works once.\n\n{}\n", codes.join("\n"));
    let file = format!("data:text/plain;charset=utf-8,{}", encode(&text));
    let rows: Vec<_> = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect();
    view! {
        <Notice kind=NoticeKind::Warning title="This is the only time you see them.">
            <p>"We keep no copy that could be read. Former codes no longer work."</p>
        </Notice>
        <ol class="codes">{rows}</ol>
        <div class="form-actions no-print">
            <a class="button button-secondary" href=file download="8thdegree-recovery-codes.txt">
                "Download as text"
            </a>
            <form method="post" action="/api/recovery_codes_kept">
                <Button kind=ButtonKind::Primary>"I have kept them"</Button>
            </form>
        </div>
    }
    .into_any()
}

#[component]
fn Left(left: i64) -> impl IntoView {
    let (kind, words) = match left {
        0 => (NoticeKind::Error, "None is left. Without your second factor you could not get in.".to_owned()),
        1 => (NoticeKind::Warning, "One is left.".to_owned()),
        2 | 3 => (NoticeKind::Warning, format!("{left} are left.")),
        _ => (NoticeKind::Success, format!("{left} are left.")),
    };
    view! {
        <Notice kind>{words}</Notice>
        <form class="mt-6" method="post" action="/api/renew_recovery_codes">
            <p class="hint mb-3">"Ten new ones take the place of all that you have."</p>
            <Button>"Make new codes"</Button>
        </form>
    }
    .into_any()
}
