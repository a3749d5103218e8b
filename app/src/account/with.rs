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
        let site = site.unwrap_or_else(|| "the other site".to_owned());
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
        Trouble::SomebodyElse => "That was somebody else",
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
        Trouble::SomebodyElse => {
            format!("The account at {site} that came back is not the one that is connected to yours.")
        }
    }
}
