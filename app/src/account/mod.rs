//! Accounts: signing up, in and out, and the basics of one's own.

mod activity;
mod api;
mod confirm;
mod connections;
mod data;
mod devices;
mod email;
mod finish;
mod forgotten;
mod held;
mod layout;
mod leave;
mod new_token;
mod organisation;
mod own;
mod password;
mod proof;
mod reset;
mod security;
mod sign_in;
mod sign_up;
mod sign_up_confirm;
mod sign_up_sent;
mod signed_out;
mod tokens;
mod with;
mod with_api;

pub use activity::*;
pub use api::*;
pub use confirm::*;
pub use connections::*;
pub use data::*;
pub use devices::*;
pub use email::*;
pub use finish::*;
pub use forgotten::*;
pub use held::*;
pub use layout::*;
pub use leave::*;
pub use new_token::*;
pub use organisation::*;
pub use own::*;
pub use password::*;
pub use proof::*;
pub use reset::*;
pub use security::*;
pub use sign_in::*;
pub use sign_up::*;
pub use sign_up_confirm::*;
pub use sign_up_sent::*;
pub use signed_out::*;
pub use tokens::*;
pub use with::*;
pub use with_api::*;

use domain::{
    FieldErrors,
    account::PASSWORD_LENGTH,
    place::Region,
    role::{Role, Roles},
};
use leptos::prelude::*;

use crate::ui::{CardChoice, RadioCards, Select, TextInput, choices};

const FREELANCER: &str = "freelancer";
const CLIENT: &str = "client";
const BOTH: &str = "both";

/// What people may come for, as the forms offer it.
fn purposes() -> Vec<CardChoice> {
    vec![
        CardChoice::new(FREELANCER, "I look for work", "Jobs that fit you come to your feed by themselves."),
        CardChoice::new(CLIENT, "I look for people", "Post jobs, and see at once who fits."),
        CardChoice::new(BOTH, "Both", "Switch whenever you like, with one account."),
    ]
}

/// The purpose that stands for these roles; empty where they stand for none.
fn purpose(roles: &Roles) -> &'static str {
    match (roles.contains(Role::Freelancer), roles.contains(Role::Client)) {
        (true, true) => BOTH,
        (true, false) => FREELANCER,
        (false, true) => CLIENT,
        (false, false) => "",
    }
}

/// A field for a password that is to be chosen.
fn new_password_field(label: &'static str, errors: FieldErrors) -> impl IntoView {
    let (shortest, longest) = password_bounds();
    view! {
        <TextInput
            name="form[password]"
            label=label
            hint=format!("At least {shortest} characters; a few words in a row work well.")
            input_type="password"
            autocomplete="new-password"
            min_length=shortest
            max_length=longest
            errors=errors
        />
    }
}

/// For `minlength` and `maxlength`.
fn password_bounds() -> (u32, u32) {
    let bound = |chars: usize| u32::try_from(chars).unwrap_or(u32::MAX);
    (bound(*PASSWORD_LENGTH.start()), bound(*PASSWORD_LENGTH.end()))
}

/// What somebody new is asked first, whichever way they came.
#[component]
pub fn PurposeAndName(purpose: String, name: String, errors: FieldErrors) -> impl IntoView {
    view! {
        <RadioCards
            name="form[purpose]"
            legend="What brings you here?"
            options=purposes()
            value=purpose
            errors=errors.clone()
        />
        <TextInput
            name="form[display_name]"
            label="Name"
            hint="As others see it: yours or your company's. It never plays a part in matching."
            value=name
            autocomplete="name"
            min_length=2_u32
            max_length=80_u32
            errors
        />
    }
    .into_any()
}

/// Where somebody new is at home.
#[component]
pub fn Home(region: String, errors: FieldErrors) -> impl IntoView {
    view! {
        <Select
            name="form[region]"
            label="Where you are at home"
            hint="Jobs that are open to people of this region can match you."
            options=choices(Region::ALL, Region::as_str, Region::label)
            value=region
            empty="Choose a region"
            errors
        />
    }
    .into_any()
}
