use domain::{UserId, profile::ProfileForm};
use leptos::prelude::*;
use services::{blocks, profiles};

use crate::{
    error::{ApiError, ErrorKind},
    ssr,
};

/// `version` is that of the profile the form was filled from; none for a first profile.
#[server(endpoint = "save_profile", prefix = "/api")]
pub async fn save_profile(
    form: ProfileForm,
    #[server(default)] version: Option<i32>,
) -> Result<(), ApiError> {
    profiles::save(&ssr::services(), &ssr::signed_in()?, version, &form).await?;
    ssr::redirect("/profile?saved=1");
    Ok(())
}

#[server(endpoint = "block", prefix = "/api")]
pub async fn block(user: String) -> Result<(), ApiError> {
    let other = person(&user)?;
    blocks::block(&ssr::services(), &ssr::signed_in()?, other).await?;
    ssr::redirect(&format!("/freelancers/{other}"));
    Ok(())
}

#[server(endpoint = "unblock", prefix = "/api")]
pub async fn unblock(user: String) -> Result<(), ApiError> {
    let other = person(&user)?;
    blocks::unblock(&ssr::services(), &ssr::signed_in()?, other).await?;
    ssr::redirect(&format!("/freelancers/{other}"));
    Ok(())
}

fn person(id: &str) -> Result<UserId, ApiError> {
    id.parse().map_err(|_| ErrorKind::NotFound.into())
}
