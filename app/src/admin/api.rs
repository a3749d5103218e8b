use domain::{UserId, role::Role};
use leptos::prelude::*;
use services::admin;

use crate::{error::ApiError, ssr};

fn page_of(user: UserId, done: &str) -> String {
    format!("/admin/people/{user}?done={done}")
}

#[server(endpoint = "suspend_account", prefix = "/api")]
pub async fn suspend_account(user: UserId, reason: String) -> Result<(), ApiError> {
    admin::suspend(&ssr::services(), &ssr::signed_in()?, user, &reason, &ssr::device()).await?;
    ssr::redirect(&page_of(user, "suspended"));
    Ok(())
}

#[server(endpoint = "reinstate_account", prefix = "/api")]
pub async fn reinstate_account(user: UserId) -> Result<(), ApiError> {
    admin::reinstate(&ssr::services(), &ssr::signed_in()?, user, &ssr::device()).await?;
    ssr::redirect(&page_of(user, "reinstated"));
    Ok(())
}

#[server(endpoint = "verify_account", prefix = "/api")]
pub async fn verify_account(user: UserId) -> Result<(), ApiError> {
    admin::verify_email(&ssr::services(), &ssr::signed_in()?, user, &ssr::device()).await?;
    ssr::redirect(&page_of(user, "verified"));
    Ok(())
}

#[server(endpoint = "end_sessions", prefix = "/api")]
pub async fn end_sessions(user: UserId) -> Result<(), ApiError> {
    admin::end_sessions(&ssr::services(), &ssr::signed_in()?, user, &ssr::device()).await?;
    ssr::redirect(&page_of(user, "signed_out"));
    Ok(())
}

#[server(endpoint = "change_roles", prefix = "/api")]
pub async fn change_roles(user: UserId, #[server(default)] roles: Vec<Role>) -> Result<(), ApiError> {
    let roles = roles.into_iter().collect();
    admin::change_roles(&ssr::services(), &ssr::signed_in()?, user, &roles, &ssr::device()).await?;
    ssr::redirect(&page_of(user, "roles"));
    Ok(())
}

#[server(endpoint = "begin_view", prefix = "/api")]
pub async fn begin_view(user: UserId) -> Result<(), ApiError> {
    admin::begin_view(&ssr::services(), &ssr::signed_in()?, user, &ssr::device()).await?;
    ssr::redirect("/account");
    Ok(())
}

#[server(endpoint = "end_view", prefix = "/api")]
pub async fn end_view() -> Result<(), ApiError> {
    let user = admin::end_view(&ssr::services(), &ssr::signed_in()?, &ssr::device()).await?;
    ssr::redirect(&format!("/admin/people/{user}"));
    Ok(())
}
