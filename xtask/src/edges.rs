//! The dependency edges of the house: downwards only, and no server code in the browser.

use std::collections::BTreeSet;

use anyhow::bail;

use crate::process::Cmd;
use crate::step::step;
use crate::workspace::{Package, WASM, Workspace};

/// Every package of ours and which others of ours it may use. Whoever adds a package says here
/// where it belongs.
const MAY_USE: &[(&str, &[&str])] = &[
    // The nouns, and what is generic: they know no sibling.
    ("domain", &[]),
    ("private_postgres", &[]),
    ("jobs", &[]),
    ("mail", &[]),
    // One floor up.
    ("matching", &["domain"]),
    ("embedding", &["domain"]),
    ("identity", &["domain"]),
    ("storage", &["domain", "private_postgres"]),
    ("demo_data", &["domain"]),
    ("events", &["domain", "storage"]),
    // The use cases.
    (
        "services",
        &["demo_data", "domain", "embedding", "events", "identity", "jobs", "mail", "matching", "storage"],
    ),
    // The interface, in its two shapes.
    // `identity` for the principal a page acts as; it says nothing about how things are kept.
    ("app", &["domain", "identity", "services"]),
    ("frontend", &["app", "domain"]),
    ("gallery", &["app", "domain"]),
    // The binary sees everything below it.
    (
        "server",
        &[
            "app",
            "demo_data",
            "domain",
            "embedding",
            "events",
            "identity",
            "jobs",
            "mail",
            "matching",
            "private_postgres",
            "services",
            "storage",
        ],
    ),
    // Tools around the product.
    (
        "test_support",
        &[
            "domain",
            "demo_data",
            "embedding",
            "events",
            "identity",
            "jobs",
            "mail",
            "matching",
            "services",
            "storage",
        ],
    ),
    (
        "bench",
        &[
            "demo_data",
            "domain",
            "embedding",
            "events",
            "identity",
            "mail",
            "matching",
            "private_postgres",
            "services",
            "storage",
        ],
    ),
    ("xtask", &["private_postgres"]),
];

/// What does input and output; a name stands for all packages that begin with it.
const IO: &[&str] = &["axum", "hyper", "reqwest", "sqlx", "tokio"];

/// Packages that must not come with one of ours, directly or through others.
const NEVER_WITHIN: &[(&str, &[&str])] = &[
    ("domain", IO),
    ("matching", IO),
    ("private_postgres", IO),
    ("identity", &["axum", "hyper", "reqwest", "sqlx"]),
    ("storage", &["axum", "hyper", "reqwest"]),
    ("events", &["axum", "hyper", "reqwest"]),
    ("jobs", &["axum", "hyper", "reqwest"]),
    ("mail", &["axum", "hyper", "reqwest", "sqlx"]),
    ("services", &["axum", "leptos"]),
];

/// What must never be sent to browsers.
const NEVER_IN_BROWSERS: &[&str] = &["axum", "hyper", "mio", "reqwest", "sqlx", "tokio"];

/// Fails with every violated edge.
pub(crate) fn check(ws: &Workspace) -> anyhow::Result<()> {
    step("Checking the dependency edges", || {
        let mut violations = upward_edges(&ws.packages);
        for (package, banned) in NEVER_WITHIN {
            if ws.has(package) {
                let tree = tree(ws, package, None)?;
                violations.extend(intruders(package, &tree, banned));
            }
        }
        for package in crate::workspace::BROWSER_ONLY {
            if ws.has(package) {
                let tree = tree(ws, package, Some(WASM))?;
                violations.extend(intruders(package, &tree, NEVER_IN_BROWSERS));
            }
        }
        if !violations.is_empty() {
            bail!("dependency edges violated:\n  {}", violations.join("\n  "));
        }
        Ok(())
    })
}

/// Names of all packages that `package` is built with, tests apart. Cargo resolves the features
/// for this package alone, as when it is built alone.
fn tree(ws: &Workspace, package: &str, target: Option<&str>) -> anyhow::Result<BTreeSet<String>> {
    let mut command = Cmd::cargo().args(["tree", "--package", package, "--edges=normal", "--prefix=none"]);
    command = command.args(["--format={p}", "--no-dedupe", "--offline"]);
    if let Some(target) = target {
        command = command.args(["--target", target]);
    }
    let text = command.dir(&ws.root).read()?;
    Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

fn upward_edges(packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut violations = Vec::new();
    for package in packages {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
            violations.push(format!("{} has no place in the list of packages", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            if !dependency.dev && ours.contains(name) && !allowed.contains(&name) {
                violations.push(format!("{} must not use {name}", package.name));
            }
        }
    }
    violations
}

fn intruders(package: &str, tree: &BTreeSet<String>, banned: &[&str]) -> Vec<String> {
    tree.iter()
        .filter(|name| banned.iter().any(|banned| belongs_to(name, banned)))
        .map(|name| format!("{package} must not contain {name}"))
        .collect()
}

/// Whether `name` is `family` or one of its parts, such as `sqlx-core` of `sqlx`.
fn belongs_to(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Package {
        Package {
            name: name.into(),
            dir: "/".into(),
            dependencies: dependencies
                .iter()
                .map(|(name, dev)| Dependency { name: (*name).into(), dev: *dev })
                .collect(),
        }
    }

    #[test]
    fn an_edge_upwards_is_found_and_one_for_tests_is_not() {
        let packages = [
            package("domain", &[("services", true), ("serde", false)]),
            package("matching", &[("domain", false), ("storage", false)]),
            package("services", &[]),
            package("storage", &[]),
        ];
        assert_eq!(upward_edges(&packages), ["matching must not use storage"]);
    }

    #[test]
    fn a_package_without_a_place_is_named() {
        assert_eq!(upward_edges(&[package("novel", &[])]), ["novel has no place in the list of packages"]);
    }

    #[test]
    fn tests_support_is_for_tests_alone() {
        let users: Vec<_> = MAY_USE.iter().filter(|(_, uses)| uses.contains(&"test_support")).collect();
        assert!(users.is_empty(), "{users:?}");
    }

    #[test]
    fn the_list_itself_has_no_cycle() {
        // Repeatedly strike out packages that use only packages struck out before.
        let mut left: Vec<_> = MAY_USE.to_vec();
        let mut below: BTreeSet<&str> = BTreeSet::new();
        while !left.is_empty() {
            let (free, rest): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|(_, uses)| uses.iter().all(|name| below.contains(name)));
            assert!(!free.is_empty(), "cycle among {rest:?}");
            below.extend(free.iter().map(|(name, _)| *name));
            left = rest;
        }
    }

    #[test]
    fn a_family_includes_its_parts_and_nothing_else() {
        assert!(belongs_to("sqlx", "sqlx"));
        assert!(belongs_to("sqlx-core", "sqlx"));
        assert!(belongs_to("tokio-util", "tokio"));
        assert!(!belongs_to("tokiox", "tokio"));
        let tree = BTreeSet::from(["serde".to_owned(), "hyper-util".to_owned()]);
        assert_eq!(intruders("domain", &tree, IO), ["domain must not contain hyper-util"]);
    }
}
