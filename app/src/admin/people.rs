use domain::{account::AccountStatus, role::Role};
use leptos::prelude::*;
use leptos_meta::Title;
use services::admin::{self, Account, Filter, Found};

use super::AdminLayout;
use crate::{
    page::{encode, page, query},
    ssr,
    ui::*,
};

const PATH: &str = "/admin/people";
/// Longer than any name or address.
const WORDS: usize = 255;

#[component]
pub fn PeoplePage() -> impl IntoView {
    let services = ssr::services();
    let who = ssr::signed_in();
    let asked = Asked { q: query("q"), role: query("role"), status: query("status"), after: query("after") };
    page(async move {
        let found = admin::find(&services, &who?, asked.filter()).await?;
        Ok(view! {
            <Title text="People" />
            <AdminLayout here=PATH title="People" lede="Everybody with an account, those who came last first.">
                <Search asked=asked.clone() />
                <People found asked />
            </AdminLayout>
        })
    })
}

/// The search as it stands in the address.
#[derive(Clone, Default)]
struct Asked {
    q: String,
    role: String,
    status: String,
    after: String,
}

impl Asked {
    /// What cannot be read counts as not asked.
    fn filter(&self) -> Filter {
        Filter {
            words: self.q.trim().chars().take(WORDS).collect(),
            role: self.role.parse().ok(),
            status: self.status.parse().ok(),
            after: self.after.parse().ok(),
            limit: admin::PAGE,
        }
    }

    /// The address of the same search from `after` on.
    fn address(&self, after: &str) -> String {
        let pairs = [("q", self.q.trim()), ("role", &self.role), ("status", &self.status), ("after", after)];
        let set: Vec<_> = pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if set.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", set.join("&")) }
    }
}

#[component]
fn Search(asked: Asked) -> impl IntoView {
    view! {
        <form class="admin-search" method="get" action=PATH role="search">
            <TextInput
                name="q"
                label="Name, address or identifier"
                input_type="search"
                value=asked.q
                max_length=WORDS as u32
                required=false
            />
            <Select
                name="role"
                label="Role"
                options=choices(Role::ALL, Role::as_str, Role::label)
                value=asked.role
                empty="Any"
                required=false
            />
            <Select
                name="status"
                label="Status"
                options=choices(AccountStatus::ALL, AccountStatus::as_str, AccountStatus::label)
                value=asked.status
                empty="Any"
                required=false
            />
            <Button>"Find"</Button>
        </form>
    }
    .into_any()
}

#[component]
fn People(found: Found, asked: Asked) -> impl IntoView {
    if found.people.is_empty() {
        return view! {
            <EmptyState
                title="Nobody by this name"
                text="Try the beginning of the address, or fewer letters of the name."
                action=Some(("Show everybody".to_owned(), PATH.to_owned()))
            />
        }
        .into_any();
    }
    let shown = match found.people.len() {
        1 => "1 person".to_owned(),
        count => format!("{count} people on this page"),
    };
    let first = (!asked.after.is_empty()).then(|| asked.address(""));
    let next = found.next.map(|next| asked.address(&next.to_string()));
    let rows: Vec<_> = found.people.into_iter().map(|account| view! { <PersonRow account /> }).collect();
    view! {
        <ul class="rows">{rows}</ul>
        <Pager first next shown />
    }
    .into_any()
}

#[component]
fn PersonRow(account: Account) -> impl IntoView {
    let roles: Vec<_> = account.roles.iter().map(Role::label).collect();
    let since = account.created_at.format("%-d %B %Y");
    let about = format!("{} · {} · since {since}", roles.join(", "), account.region.label());
    view! {
        <li class="row row-with-avatar">
            <Avatar name=account.display_name.clone() />
            <div class="min-w-0">
                <p class="label">
                    <a href=format!("{PATH}/{}", account.id)>{account.display_name}</a> {status_badge(account.status)}
                </p>
                <p class="hint">{account.email}</p>
                <p class="hint">{about}</p>
            </div>
        </li>
    }
    .into_any()
}

/// Where an account stands, if that is worth a word.
pub(super) fn status_badge(status: AccountStatus) -> impl IntoView {
    let tone = match status {
        AccountStatus::Active => return None,
        AccountStatus::Suspended => Tone::Warning,
        AccountStatus::Deleted => Tone::Neutral,
    };
    Some(view! { " " <Badge text=status.label() tone /> })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_keeps_what_is_set_and_ignores_what_cannot_be_read() {
        let asked = Asked { q: " ada&co ".into(), role: "admin".into(), ..Asked::default() };
        assert_eq!(asked.address(""), "/admin/people?q=ada%26co&role=admin");
        let filter = Asked { role: "king".into(), after: "x".into(), ..asked }.filter();
        assert_eq!((filter.words.as_str(), filter.role, filter.after), ("ada&co", None, None));
    }
}
