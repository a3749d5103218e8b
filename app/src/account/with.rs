//! What the pages for signing in have in common where other sites are offered.

use leptos::prelude::*;
use services::accounts::external::{self, Offer, Trouble};

use crate::{page::query, ui::*};

pub(super) fn brand(offer: &Offer) -> Brand {
    match offer.brand {
        external::Brand::Github => Brand::Github,
        external::Brand::Google => Brand::Google,
        external::Brand::Other => Brand::Other,
    }
}

/// A button for each site with whose account one may come in, and how it goes on below. Nothing where
/// there is none.
#[component]
pub fn ContinueWith(
    offers: Vec<Offer>,
    next: String,
    #[prop(default = "/api/continue_with")] action: &'static str,
    #[prop(default = "Continue with")] verb: &'static str,
    #[prop(optional)] otherwise: &'static str,
) -> impl IntoView {
    if offers.is_empty() {
        return ().into_any();
    }
    let buttons: Vec<_> = offers
        .into_iter()
        .map(|offer| {
            let mark = brand(&offer);
            view! {
                <li>
                    <form method="post" action=action>
                        <input type="hidden" name="provider" value=offer.id />
                        <input type="hidden" name="next" value=next.clone() />
                        <Button>
                            <BrandMark brand=mark />
                            {format!("{verb} {}", offer.label)}
                        </Button>
                    </form>
                </li>
            }
        })
        .collect();
    view! {
        <ul class="ways-in">{buttons}</ul>
        {(!otherwise.is_empty()).then(|| view! { <p class="divider">{otherwise}</p> })}
    }
    .into_any()
}

/// Why somebody came back from another site without what they wanted, and what to do now.
pub(super) fn troubled(trouble: &str, offers: &[Offer]) -> impl IntoView + use<> {
    Trouble::parse(trouble).map(|trouble| {
        let with = query("with");
        let site = offers.iter().find(|offer| offer.id == with).map(|offer| offer.label.clone());
        let of_organisation = with.len() == 32 && with.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unknown = if of_organisation { "your organisation" } else { "the other site" };
        let site = site.unwrap_or_else(|| unknown.to_owned());
        view! {
            <div class="mb-6">
                <Notice kind=NoticeKind::Warning title=title(trouble)>
                    {what_to_do(trouble, &site)}
                </Notice>
            </div>
        }
    })
}

fn title(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Declined => "Nothing was done",
        Trouble::Expired | Trouble::Lost => "Please begin once more",
        Trouble::Unavailable | Trouble::Failed => "That did not work",
        Trouble::NoAddress => "We need an address that is verified",
        Trouble::AddressTaken => "You have an account already",
        Trouble::TakenBySomebody | Trouble::HasOne => "Already connected",
        Trouble::SomebodyElse | Trouble::OtherAddress => "That was somebody else",
        Trouble::ForeignAddress => "Not an address of the organisation",
        Trouble::NoGroup => "Your organisation has not let you in",
        Trouble::Administrator => "Please connect it first",
        Trouble::OrganisationOnly => "Sign in with your organisation",
    }
}

fn what_to_do(trouble: Trouble, site: &str) -> String {
    match trouble {
        Trouble::Declined => {
            format!("You did not agree at {site}. You can try again, or choose another way.")
        }
        Trouble::Expired => "That took too long, or was used already.".to_owned(),
        Trouble::Lost => {
            "What came back does not belong to anything that was begun in this browser.".to_owned()
        }
        Trouble::Unavailable => {
            format!("We could not reach {site}. Please try again in a moment, or choose another way.")
        }
        Trouble::Failed => {
            format!(
                "We could not use what {site} answered. Please choose another way; we have made a note of it."
            )
        }
        Trouble::NoAddress => format!(
            "We were told no e-mail address of yours that {site} has verified. Verify one there and come back, or \
             join with an address here and connect {site} afterwards."
        ),
        Trouble::AddressTaken => format!(
            "There is an account with your e-mail address. Sign in to it as usual; then connect {site} under \
             Connections in your account."
        ),
        Trouble::TakenBySomebody => {
            format!("That account at {site} belongs to another account here. Disconnect it there first.")
        }
        Trouble::HasOne => {
            format!("Another account at {site} is connected to yours. Disconnect that one first.")
        }
        Trouble::OtherAddress => format!(
            "{site} told another address than that of your account here. Sign out there, and come back as yourself."
        ),
        Trouble::ForeignAddress => format!(
            "The address that {site} told is not of a domain it has proved to be its own, or your account here has \
             another address by now."
        ),
        Trouble::NoGroup => format!(
            "You are in no group that may come in here from {site}. Ask those who look after sign-in there."
        ),
        Trouble::Administrator => format!(
            "An administrator's account is never connected by its address. Sign in as usual, and connect {site} under \
             Connections in your account."
        ),
        Trouble::OrganisationOnly => {
            "Addresses of this domain are let in by their organisation alone. Enter yours below, and choose “Sign in \
             with your organisation”."
                .to_owned()
        }
        Trouble::SomebodyElse => {
            format!("The account at {site} that came back is not the one that is connected to yours.")
        }
    }
}
