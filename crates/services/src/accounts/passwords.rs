//! Which passwords are taken.

use std::{
    error::Error,
    sync::{Arc, OnceLock},
};

use domain::FieldErrors;
use identity::{breached::Breached, external::Http};

use crate::{Result, Services};

/// Refuses a password that is guessed first: a common one, a regular one, one made of what is known
/// of its owner, or one that was stolen elsewhere.
pub(crate) async fn refuse_weak(services: &Services, password: &str, context: &[&str]) -> Result<()> {
    let refused = |why: String| Err(FieldErrors::one("password", why).into());
    if let Some(weakness) = identity::common::weakness(password, context) {
        return refused(weakness.to_string());
    }
    let Some(breached) = &services.breached else { return Ok(()) };
    match breached.has(password).await {
        Ok(false) => Ok(()),
        Ok(true) => refused(
            "This password was stolen from some site before and is tried everywhere. Please choose another one."
                .to_owned(),
        ),
        // Nobody is to be kept out because somebody else's service is away.
        Err(error) => {
            tracing::warn!(%error, "a new password was not compared with the breached ones");
            metrics::counter!("breached_passwords_unasked_total").increment(1);
            Ok(())
        }
    }
}

/// The collection of breached passwords at an address such as `https://api.pwnedpasswords.com/range`.
pub fn breached_at(url: &str) -> Breached {
    // Made with the first request: until then the process may not have chosen its TLS.
    let client = Arc::new(OnceLock::new());
    let http = Http::new(move |request| {
        let client = client.clone();
        async move {
            let client: &Result<reqwest::Client, reqwest::Error> = client.get_or_init(|| {
                reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()
            });
            let client = client.as_ref().map_err(ToString::to_string)?;
            let answer = client.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
            Ok::<_, Box<dyn Error + Send + Sync>>(http::Response::<reqwest::Body>::from(answer))
        }
    });
    Breached::at(url, http)
}
