//! Every door is made in one place, where it is written down: nowhere else is the router of axum used.

use std::path::{Path, PathBuf};

/// Where doors are made.
const DOORS: &str = "server/src/http/doors.rs";

/// What stands for a router, or for what it takes, wherever it is written.
const WORDS: [&str; 14] = [
    "MethodFilter",
    "MethodRouter",
    "Router",
    "RouterExt",
    "LeptosRoutes",
    "fallback_service",
    "merge",
    "method_not_allowed_fallback",
    "nest",
    "nest_service",
    "reset_fallback",
    "route_layer",
    "route_service",
    "routing",
];
/// These are names of other things, too: they are refused where they are called.
const CALLS: [&str; 2] = ["fallback", "route"];

/// The words of routing in a source, if there are any.
fn routing(source: &str) -> Vec<&str> {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    // In comments they may stand.
    let lines: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let names =
        |word: &str| lines.iter().any(|line| line.split(|letter| !is_letter(letter)).any(|one| one == word));
    // Leptos has a component of this name, by which the pages are told apart.
    let of_leptos = names("leptos_router") && !names("axum");
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).map_or("", |next| next.trim_start());
        let mut rest = *line;
        while let Some(start) = rest.find(is_letter) {
            let before = rest[..start].trim_end();
            let word = &rest[start..];
            let end = word.find(|letter| !is_letter(letter)).unwrap_or(word.len());
            let (word, after) = word.split_at(end);
            let behind = if after.trim().is_empty() { next } else { after.trim_start() };
            let called = before.ends_with(['.', ':']) || behind.starts_with(['(', ':']);
            if (WORDS.contains(&word) && !(of_leptos && word == "Router"))
                || (CALLS.contains(&word) && called)
            {
                found.push(word);
            }
            rest = after;
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below a folder for which `wanted` holds.
fn files(folder: &Path, wanted: fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, wanted));
        } else if wanted(&path) {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_other_module_uses_the_router() {
    let is_rust = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
    let mut wrong = Vec::new();
    for folder in ["server/src", "app/src"] {
        for path in files(&root().join(folder), is_rust) {
            if path.ends_with(DOORS) {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            let found = routing(&source);
            if !found.is_empty() {
                wrong.push(format!("{}: {found:?}", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "give it to {DOORS}, which writes it down: {wrong:#?}");
    assert!(!routing(&std::fs::read_to_string(root().join(DOORS)).unwrap()).is_empty());
}

/// So that no router can come from there.
#[test]
fn no_crate_below_the_application_knows_axum() {
    for manifest in files(&root().join("crates"), |path| path.ends_with("Cargo.toml")) {
        let text = std::fs::read_to_string(&manifest).unwrap();
        let mut part = "";
        for line in text.lines() {
            part = if line.starts_with('[') { line } else { part };
            let known = line.split(['.', ' ', '=']).any(|word| word.trim_matches('"').contains("axum"));
            assert!(!known || part.contains("dev-dependencies"), "{}: {line}", manifest.display());
        }
    }
}

#[test]
fn whatever_makes_a_door_is_seen_and_nothing_else() {
    for door in [
        "pages.route(listing.path(), get(render).post(evil))",
        ".route(\"/api/{*function}\", any(forms::call).delete(evil))",
        "axum::routing::get(x).post_service(evil)",
        "use axum::{body::Body, routing};",
        "use axum::{Router as Way, body::Body};",
        "site.merge(more())",
        "site.fallback(evil)",
        "site\n    .fallback\n    (evil)",
        "site.fallback_service(evil)",
        "site.method_not_allowed_fallback(evil)",
        "let site = Router::route(site, \"/debug\", at);",
        "Way::route(site, \"/debug\", at)",
        "let more = Way::route;",
        ".route_service(\"/debug\", files)",
        "site.nest(\"/debug\", more)",
        "site.nest_service(\"/debug\", more)",
        "fn more() -> MethodRouter {",
        "use leptos_router::components::Router;\nuse axum::Extension;",
    ] {
        assert!(!routing(door).is_empty(), "{door}");
    }
    for other in [
        "let route = matched(&request);",
        "let labels = [(\"route\", route)];",
        "return fallback.into_response();",
        "// It was .route(…) of a Router once.",
        "use leptos_router::components::{Route, Router};\n<Router><FlatRoutes fallback=NotFound>",
        "Doors::new(state).get(\"/healthz\", probes::alive)",
    ] {
        assert_eq!(routing(other), [""; 0], "{other}");
    }
}
