//! Databases for the benchmarks: filled once, kept between runs, and copied for each, so that every
//! run finds the same.

mod fill;

use std::time::Instant;

use anyhow::{Context as _, ensure};
use private_postgres::{Options, PrivatePostgres};
use storage::{Database, Logins};

use crate::setting::Setting;

pub(crate) use fill::{Population, client, freelancers, minilm, open};

pub(crate) struct World {
    postgres: PrivatePostgres,
}

impl World {
    /// Starts the benchmarks' own PostgreSQL. Commits wait for the disk, as they do in earnest.
    pub(crate) fn start(setting: &Setting) -> anyhow::Result<Self> {
        let options = Options::new(setting.data.join("postgres"));
        Ok(Self { postgres: PrivatePostgres::start(&options).context("starting PostgreSQL")? })
    }

    /// A fresh copy of the database with this population; its address.
    pub(crate) async fn database(&self, setting: &Setting, population: Population) -> anyhow::Result<String> {
        let template = format!("filled_{}", population.name());
        if !self.is_current(&template).await? {
            self.fill(setting, population, &template).await?;
        }
        let copy = format!("run_{}", population.name());
        self.sql(&format!("drop database if exists {copy} with (force)"))?;
        self.sql(&format!("create database {copy} template {template} strategy file_copy"))?;
        Ok(self.postgres.url(&copy))
    }

    /// Whether the database is there and of the present schema.
    async fn is_current(&self, name: &str) -> anyhow::Result<bool> {
        let found = self.sql(&format!("select 1 from pg_database where datname = '{name}'"))?;
        if found.trim().is_empty() {
            return Ok(false);
        }
        let database = Database::connect(&Logins::one(&self.postgres.url(name)), 2)?;
        let migrated = database.migrate().await;
        database.close().await;
        // A migration may have rewritten tables; a database that is filled anew is as tidy.
        self.psql(name, "vacuum analyze")?;
        Ok(migrated.is_ok())
    }

    async fn fill(&self, setting: &Setting, population: Population, name: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        let unfinished = format!("{name}_unfinished");
        for stale in [&unfinished, name] {
            self.sql(&format!("drop database if exists {stale} with (force)"))?;
        }
        self.sql(&format!("create database {unfinished}"))?;
        let database = Database::connect(&Logins::one(&self.postgres.url(&unfinished)), 4)?;
        let filled = async {
            database.migrate().await?;
            fill::fill(setting, &database, population).await
        }
        .await;
        database.close().await;
        filled.with_context(|| format!("filling the database {name}"))?;
        self.psql(&unfinished, "vacuum analyze")?;
        self.sql(&format!("alter database {unfinished} rename to {name}"))?;
        println!("the database {name} is filled ({:.0} s)", started.elapsed().as_secs_f64());
        Ok(())
    }

    fn sql(&self, statement: &str) -> anyhow::Result<String> {
        self.psql("postgres", statement)
    }

    fn psql(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        let mut psql = self.postgres.psql(database);
        let output = psql.args(["--tuples-only", "--no-align", "--command", statement]).output()?;
        ensure!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    pub(crate) fn stop(self) -> anyhow::Result<()> {
        Ok(self.postgres.stop()?)
    }
}
