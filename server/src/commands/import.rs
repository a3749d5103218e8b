//! `eighth import`: jobs from elsewhere.

use std::path::PathBuf;

use anyhow::Context as _;
use domain::{
    account::Email,
    job::{Budget, BudgetKind, Duration},
    money::Currency,
    validate::amount,
};
use services::import::{MAX_BYTES, Terms, postings};

use super::with_services;
use crate::config::Config;

/// What to import, and what postings do not say.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Postings {
    /// A JSON array of objects with `id`, `title` and `description`.
    file: PathBuf,
    /// The e-mail address of the client whose jobs they become.
    #[arg(long, default_value = demo_data::CLIENT_EMAIL, value_parser = Email::parse)]
    client: Email,
    /// `fixed` or `hourly`.
    #[arg(long, default_value = "hourly")]
    budget: BudgetKind,
    #[arg(long, default_value = "40")]
    min: String,
    #[arg(long, default_value = "90")]
    max: String,
    #[arg(long, default_value = "USD")]
    currency: Currency,
    /// `days`, `weeks`, `months`, `half_year` or `ongoing`.
    #[arg(long, default_value = "months")]
    duration: Duration,
}

impl Postings {
    fn terms(&self) -> anyhow::Result<Terms> {
        let amount = |flag, text: &str| amount(text).map_err(|message| anyhow::anyhow!("{flag}: {message}"));
        let (min, max) = (amount("--min", &self.min)?, amount("--max", &self.max)?);
        anyhow::ensure!(min <= max, "--max must not be below --min");
        let budget = Budget { kind: self.budget, min, max, currency: self.currency };
        Ok(Terms { client: self.client.clone(), budget, duration: self.duration })
    }
}

/// Imports job postings from a JSON file.
pub(crate) async fn run(config: &Config, what: &Postings) -> anyhow::Result<()> {
    let terms = what.terms()?;
    let context = || format!("reading {}", what.file.display());
    let size = tokio::fs::metadata(&what.file).await.with_context(context)?.len();
    anyhow::ensure!(size <= MAX_BYTES, "the file has {size} bytes; at most {MAX_BYTES} are read");
    let json = tokio::fs::read(&what.file).await.with_context(context)?;
    with_services(config, async |services| {
        let outcome = postings(services, &json, &terms).await.context("nothing was imported")?;
        println!("{} postings are jobs now; {} were left out.", outcome.imported, outcome.left_out.len());
        for (id, reason) in outcome.left_out {
            println!("  {id}: {reason}");
        }
        Ok(())
    })
    .await
}
