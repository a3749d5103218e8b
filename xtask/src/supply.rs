//! What comes from others: under which licences, from where, and what of it is not wanted. The rules
//! are those of `deny.toml`, so that cargo-deny, where somebody has it, says the same.

use std::{collections::BTreeMap, iter::Peekable, path::PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::{process::Cmd, step::step, workspace::Workspace};

#[derive(Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// One version is fine, two are not.
    #[serde(default, rename = "deny-multiple-versions")]
    twice: bool,
}

#[derive(Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    registries: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// As cargo describes it.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// None for those of our own.
    source: Option<String>,
}

/// Fails with everything that is against the rules.
pub(crate) fn check(ws: &Workspace) -> anyhow::Result<()> {
    step("Checking licences and sources", || {
        let text = std::fs::read_to_string(ws.root.join("deny.toml")).context("reading deny.toml")?;
        let rules: Rules = toml::from_str(&text).context("reading deny.toml")?;
        let mut command = Cmd::cargo().args(["metadata", "--format-version=1", "--locked"]);
        for target in &rules.graph.targets {
            command = command.args(["--filter-platform", target]);
        }
        let metadata: Metadata = serde_json::from_str(&command.dir(&ws.root).read()?)?;
        let wrong = violations(&rules, &metadata.packages);
        if !wrong.is_empty() {
            bail!("against deny.toml:\n  {}", wrong.join("\n  "));
        }
        Ok(())
    })?;
    advisories(ws)
}

/// Asks the advisories, where they and what reads them are at hand.
fn advisories(ws: &Workspace) -> anyhow::Result<()> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let at_hand = home.is_some_and(|home| home.join("advisory-dbs").exists());
    if !at_hand || Cmd::new("cargo-deny").arg("--version").read().is_err() {
        println!("  advisories were not asked; `cargo install cargo-deny && cargo deny fetch` brings them");
        return Ok(());
    }
    step("Asking the advisories", || {
        Cmd::cargo().args(["deny", "--offline", "check", "advisories"]).dir(&ws.root).run()
    })
}

fn violations(rules: &Rules, packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for Package { name, version, license, source } in packages {
        *versions.entry(name).or_default() += 1;
        let Some(source) = source else { continue };
        if !rules.sources.registries.iter().any(|fine| source.ends_with(fine.as_str())) {
            wrong.push(format!("{name} {version} comes from {source}"));
        }
        let license = license.as_deref().unwrap_or("(none)");
        if !is_allowed(license, &rules.licenses.allow) {
            wrong.push(format!("{name} {version} has the licence {license}"));
        }
    }
    for ban in &rules.bans.deny {
        match versions.get(ban.name.as_str()) {
            Some(2..) if ban.twice => wrong.push(format!("there is more than one version of {}", ban.name)),
            Some(_) if !ban.twice => wrong.push(format!("{} is not wanted here", ban.name)),
            _ => {}
        }
    }
    wrong
}

/// Whether an SPDX expression can be met with these licences.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    any(&mut spaced.split_whitespace().peekable(), allowed)
}

fn any<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allowed: &[String]) -> bool {
    let mut fine = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        fine |= all(words, allowed);
    }
    fine
}

fn all<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allowed: &[String]) -> bool {
    let mut fine = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        fine &= one(words, allowed);
    }
    fine
}

fn one<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allowed: &[String]) -> bool {
    let Some(mut name) = words.next().map(str::to_owned) else { return false };
    if name == "(" {
        let fine = any(words, allowed);
        return words.next() == Some(")") && fine;
    }
    if words.next_if_eq(&"WITH").is_some() {
        name = format!("{name} WITH {}", words.next().unwrap_or_default());
    }
    allowed.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        toml::from_str(
            "graph.targets = []\nlicenses.allow = ['MIT', 'ISC']\nsources.allow-registry = ['crates.io-index']\n\
             bans.deny = [{ crate = 'openssl' }, { crate = 'axum', deny-multiple-versions = true }]",
        )
        .expect("rules")
    }

    fn package(name: &str, license: Option<&str>, source: &str) -> Package {
        Package {
            name: name.into(),
            version: "1.0.0".into(),
            license: license.map(str::to_owned),
            source: Some(format!("registry+https://example.com/{source}")),
        }
    }

    #[test]
    fn an_expression_is_met_by_either_of_or_and_both_of_and() {
        let allowed = rules().licenses.allow;
        for fine in
            ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "(GPL-3.0 OR MIT) AND ISC", "MIT AND ISC OR X"]
        {
            assert!(is_allowed(fine, &allowed), "{fine}");
        }
        for wrong in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT WITH something", "(MIT", "X OR GPL-3.0 AND MIT"]
        {
            assert!(!is_allowed(wrong, &allowed), "{wrong}");
        }
    }

    #[test]
    fn what_is_against_the_rules_is_named() {
        let mit = Some("MIT");
        let packages = [
            package("axum", mit, "crates.io-index"),
            package("axum", mit, "crates.io-index"),
            package("openssl", mit, "crates.io-index"),
            package("copyleft", Some("GPL-3.0"), "crates.io-index"),
            package("bare", None, "crates.io-index"),
            package("stray", mit, "elsewhere"),
        ];
        assert_eq!(
            violations(&rules(), &packages),
            [
                "copyleft 1.0.0 has the licence GPL-3.0",
                "bare 1.0.0 has the licence (none)",
                "stray 1.0.0 comes from registry+https://example.com/elsewhere",
                "openssl is not wanted here",
                "there is more than one version of axum",
            ]
        );
        assert!(violations(&rules(), &packages[..1]).is_empty());
    }
}
