//! `eighth keys`: the keys that secrets in the database are sealed with.

use anyhow::ensure;
use secrecy::ExposeSecret as _;
use services::{tokens, vault};

use super::{progress::Progress, with_services};
use crate::{config::Config, keys};

/// Prints a new key of the operator; what to do with it goes where it does not get into a file.
pub(crate) fn generate() -> anyhow::Result<()> {
    println!("{}", keys::new_line()?.expose_secret());
    eprintln!(
        "Put this line first in the file that `keys.file` names, or first in `keys.values`.\n\
         Keep a copy apart from the backups of the database: without it they cannot be read."
    );
    Ok(())
}

/// Lists the keys of the configuration and those of the database.
pub(crate) async fn list(config: &Config) -> anyhow::Result<()> {
    let ring = keys::ring(config)?;
    println!("Of the configuration, newest first:");
    for name in ring.names() {
        println!("  {name}");
    }
    with_services(config, async |services| {
        println!("Of the database:");
        for key in services.vault().keys().await? {
            let state = match key.retired_at {
                None => "in use".to_owned(),
                Some(at) => format!("retired {}", at.format("%Y-%m-%d %H:%M")),
            };
            let made = key.created_at.format("%Y-%m-%d %H:%M");
            println!("  {}  made {made}  {state}  wrapped by {}  {} values", key.id, key.kek, key.values);
        }
        Ok(())
    })
    .await
}

/// Changes the keys of the database, and seals everything anew.
pub(crate) async fn rotate(config: &Config) -> anyhow::Result<()> {
    with_services(config, async |services| {
        let mut progress = Progress::new("Sealing anew");
        let done = vault::rotate(services, |done, total| {
            progress.show((done.values + done.broken) as u64, total);
        })
        .await?;
        progress.finish();
        println!("A new key seals from now on, and {} values are sealed anew.", done.values);
        tokens::rotate_signing_key(services).await?;
        println!("A new key signs tokens in ten minutes from now.");
        ensure!(
            done.broken == 0,
            "{} values do not open and stay as they are: somebody changed them in the database",
            done.broken
        );
        Ok(())
    })
    .await
}

/// Drops every key that signs tokens.
pub(crate) async fn revoke_signing(config: &Config) -> anyhow::Result<()> {
    with_services(config, async |services| {
        tokens::revoke_signing_keys(services).await?;
        println!("No access token given out so far counts any more. Programs get new ones by refreshing.");
        Ok(())
    })
    .await
}
