//! What is done with an issuer that is set up, and with an organisation that is to go.

use chrono::{DateTime, SecondsFormat, Utc};
use leptos::prelude::*;
use services::organisations::Own;

use crate::{
    page::{faults, refusal},
    ui::*,
};

#[component]
pub fn TrySection(own: Own, now: DateTime<Utc>) -> impl IntoView {
    let proved = own.domains.iter().any(|domain| domain.proved_at.is_some());
    let missing = match (proved, own.has_issuer) {
        (true, true) => None,
        (false, true) => {
            Some("Prove a domain first: your issuer vouches for its addresses, and for no others.")
        }
        (_, false) => Some("Save your issuer first."),
    };
    let last = match own.tried_at {
        None => view! { "It has let nobody in yet." }.into_any(),
        Some(at) => {
            let words = ago(at.timestamp_millis(), now.timestamp_millis());
            let datetime = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            view! { "It let you in " <RelativeTime datetime words /> "." }.into_any()
        }
    };
    view! {
        <section class="form-section mt-10" aria-labelledby="try">
            <h2 id="try">"Try it"</h2>
            <p>
                "You go to your issuer and come back, and stay signed in here whatever it answers. If your address is one of your domains, the account there is connected to yours."
            </p>
            {match missing {
                Some(missing) => view! { <p class="hint">{missing}</p> }.into_any(),
                None => {
                    view! {
                        <p class="hint">{last}</p>
                        <form method="post" action="/api/try_organisation_issuer">
                            <Button kind=if own.tried_at.is_some() { ButtonKind::Secondary } else { ButtonKind::Primary }>
                                "Try signing in"
                            </Button>
                        </form>
                    }
                        .into_any()
                }
            }}
        </section>
    }
    .into_any()
}

#[component]
pub fn RequireSection(own: Own) -> impl IntoView {
    let people = match own.people {
        0 => "Nobody has come in by it yet.".to_owned(),
        1 => "One person comes in by it.".to_owned(),
        count => format!("{count} people come in by it."),
    };
    let ready = own.tried_at.is_some() && own.domains.iter().any(|domain| domain.proved_at.is_some());
    let (badge, tone) =
        if own.required { ("Required", Tone::Success) } else { ("Not required", Tone::Neutral) };
    view! {
        <section class="form-section mt-10" aria-labelledby="require">
            <h2 id="require">"Require it " <Badge text=badge tone /></h2>
            <p>
                "Then whoever has an address of your domains comes in by your issuer alone: passwords, passkeys, other sites and tokens for programs no longer open anything. Whoever has no account gets one with their first sign-in."
            </p>
            <p class="hint">{people}</p>
            {if ready || own.required {
                view! {
                    <form method="post" action="/api/require_organisation_issuer">
                        <input type="hidden" name="required" value=(!own.required).to_string() />
                        <Button kind=if own.required { ButtonKind::Secondary } else { ButtonKind::Primary }>
                            {if own.required { "Allow other ways again" } else { "Require our issuer" }}
                        </Button>
                    </form>
                    <p class="hint">
                        "Should your issuer ever fail for good, remove the record from your domain: after three days its people can sign in in other ways."
                    </p>
                }
                    .into_any()
            } else {
                view! { <p class="hint">"This opens once the issuer has let you in, so that nobody shuts themselves out."</p> }
                    .into_any()
            }}
        </section>
    }
    .into_any()
}

#[component]
pub fn RemoveSection() -> impl IntoView {
    let error = refusal("/api/remove_organisation");
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    view! {
        <section class="form-section mt-10" aria-labelledby="remove">
            <h2 id="remove">"Remove the organisation"</h2>
            <p>
                "Its people keep their accounts. Those who have no password choose one by a link to their address."
            </p>
            <form class="form" method="post" action="/api/remove_organisation">
                {faults(error.as_ref(), vec![("understood", "Confirmation")])}
                <CheckboxGroup
                    name="understood"
                    legend="Before it goes"
                    options=vec![("true".to_owned(), "I know that nobody can sign in by our issuer any more.".to_owned())]
                    errors
                />
                <div class="form-actions">
                    <Button kind=ButtonKind::Danger>"Remove the organisation"</Button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
