use chrono::{DateTime, SecondsFormat, Utc};
use domain::organisation::DomainForm;
use leptos::prelude::*;
use serde::Deserialize;
use services::organisations::{Own, OwnDomain};

use super::ToCopy;
use crate::{
    page::{faults, refused},
    ui::*,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    form: DomainForm,
}

/// The domains of the organisation, what proves each of them, and a form for another.
#[component]
pub fn DomainsSection(own: Own, now: DateTime<Utc>) -> impl IntoView {
    let (form, error) = match refused::<Arguments>("/api/add_organisation_domain") {
        Some(refused) => (refused.arguments.form, Some(refused.error)),
        None => (DomainForm::default(), None),
    };
    let errors = error.as_ref().map(|error| error.fields.clone()).unwrap_or_default();
    let rows: Vec<_> = own
        .domains
        .into_iter()
        .enumerate()
        .map(|(at, domain)| view! { <DomainRow at domain now /> })
        .collect();
    view! {
        <section class="form-section" aria-labelledby="domains">
            <h2 id="domains">"Domains"</h2>
            <p class="hint">
                "Those of your people's e-mail addresses. Each domain counts once its record is found, and only by its very name: a subdomain is a domain of its own."
            </p>
            {if rows.is_empty() {
                view! { <p>"None yet. Add the first one."</p> }.into_any()
            } else {
                view! { <ul class="domains">{rows}</ul> }.into_any()
            }}
            <form class="form" method="post" action="/api/add_organisation_domain">
                {faults(error.as_ref(), vec![("domain", "Domain")])}
                <TextInput
                    name="form[domain]"
                    label="Add a domain"
                    value=form.domain
                    placeholder="example.com"
                    autocomplete="off"
                    max_length=190_u32
                    errors
                />
                <div>
                    <Button>"Add"</Button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn DomainRow(at: usize, domain: OwnDomain, now: DateTime<Utc>) -> impl IntoView {
    let OwnDomain { domain, record, proved_at, last_checked_at, missing_since } = domain;
    let (text, tone) = match (proved_at, missing_since) {
        (Some(_), None) => ("Proved", Tone::Success),
        (Some(_), Some(_)) => ("Record missing", Tone::Warning),
        (None, _) => ("Not proved yet", Tone::Neutral),
    };
    let looked = match last_checked_at {
        None => view! { "Nobody has looked for its record yet." }.into_any(),
        Some(at) => {
            let words = ago(at.timestamp_millis(), now.timestamp_millis());
            let datetime = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            view! { "We looked for its record " <RelativeTime datetime words /> "." }.into_any()
        }
    };
    let steady = proved_at.is_some() && missing_since.is_none();
    let (look, remove) = (format!("Look for the record of {domain}"), format!("Remove {domain}"));
    view! {
        <li class="domain">
            <div class="domain-head">
                <div class="min-w-0">
                    <h3>{domain.clone()} " " <Badge text tone /></h3>
                    <p class="hint">{looked}</p>
                </div>
                <form method="post" action="/api/remove_organisation_domain">
                    <input type="hidden" name="domain" value=domain.clone() />
                    <button class="button button-quiet button-s" type="submit" aria-label=remove>
                        "Remove"
                    </button>
                </form>
            </div>
            {missing_since
                .map(|_| {
                    view! {
                        <Notice kind=NoticeKind::Warning>
                            "Its record is gone. Publish it again within three days, or the domain counts as yours no longer."
                        </Notice>
                    }
                })}
            <details open=!steady>
                <summary>"The record that proves it"</summary>
                <div class="domain-record">
                    <p class="hint">
                        "Publish a TXT record where you look after the domain, and leave it there: we look for it once a day."
                    </p>
                    <ToCopy id=format!("record-name-{at}") label="Name" value=record.name />
                    <ToCopy id=format!("record-text-{at}") label="Text" value=record.value />
                    <form method="post" action="/api/prove_organisation_domain">
                        <input type="hidden" name="domain" value=domain />
                        <button class="button button-secondary" type="submit" aria-label=look>
                            "Look for it now"
                        </button>
                    </form>
                </div>
            </details>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::organisation::TxtRecord;

    use super::*;

    #[test]
    fn a_domain_shows_what_to_publish_and_how_it_stands() {
        let html = |proved_at, missing_since| {
            let domain = OwnDomain {
                domain: "example.com".into(),
                record: TxtRecord::of("example.com", "a-token-of-some-length"),
                proved_at,
                last_checked_at: None,
                missing_since,
            };
            Owner::new().with(|| view! { <DomainRow at=0 domain now=Utc::now() /> }.to_html())
        };
        let now = Some(Utc::now());
        let fresh = html(None, None);
        assert!(fresh.contains("Not proved yet") && fresh.contains("_8thdegree.example.com"), "{fresh}");
        assert!(fresh.contains("8thdegree-domain=a-token-of-some-length"), "{fresh}");
        assert!(html(now, None).contains("Proved"));
        assert!(html(now, now).contains("within three days"));
    }
}
