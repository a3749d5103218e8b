use leptos::prelude::*;
use leptos_meta::Title;
use services::accounts;

use crate::{
    error::ApiError,
    mailbox::MailboxHint,
    page::{faults, go, page, query, refusal, success},
    ssr,
    ui::*,
};

/// Where one waits for the letter. It says the same whether or not the address had an account.
#[component]
pub fn SignUpSentPage() -> impl IntoView {
    let services = ssr::services();
    let browser = ssr::signing_up();
    let again = query("again") == "1";
    let error = refusal("/api/send_sign_up_again");
    ssr::private();
    page(async move {
        let address = accounts::signing_up(&services, &browser).await?;
        if address.is_none() && !again && error.is_none() {
            go("/sign-up");
        }
        Ok(view! {
            <Title text="Look into your mail" />
            <SignUpSent address again error />
        })
    })
}

#[component]
fn SignUpSent(address: Option<String>, again: bool, error: Option<ApiError>) -> impl IntoView {
    let known = address.is_some();
    let lede = match address {
        Some(address) => format!("A letter is on its way to {address}. The link in it opens your account."),
        None => "A letter is on its way. The link in it opens your account.".to_owned(),
    };
    view! {
        <div class="max-w-lg mx-auto">
            <PageHeader title="Look into your mail" lede />
            {faults(error.as_ref(), Vec::new())}
            {success((again && error.is_none()).then_some("We have sent another letter. Only the newest link works."))}
            <MailboxHint />
            <section class="form-section" aria-labelledby="nothing-came">
                <h2 id="nothing-came">"Nothing came?"</h2>
                <p class="mt-2">
                    "It can take a few minutes. Look among unwanted mail, too, and whether the address is right."
                </p>
                <div class="flex flex-wrap gap-3 mt-4">
                    {known
                        .then(|| {
                            view! {
                                <form method="post" action="/api/send_sign_up_again">
                                    <Button>"Send another letter"</Button>
                                </form>
                            }
                        })}
                    <LinkButton href="/sign-up?another=1" kind=ButtonKind::Quiet>
                        "Use another address"
                    </LinkButton>
                </div>
            </section>
        </div>
    }
    .into_any()
}
