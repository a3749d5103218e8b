//! Documents that tell what is in the code, and whether they still do. `RENEW_DOCS=1` writes the
//! parts of them that are made from it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use domain::account::FirstFactor;
use server::config::Limits;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The Rust files below a folder.
pub fn sources(folder: &str) -> Vec<String> {
    files(folder, "rs")
}

/// The texts of a kind below a folder.
fn files(folder: &str, kind: &str) -> Vec<String> {
    fn collect(folder: &Path, kind: &str, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, kind, into);
            } else if path.extension().is_some_and(|extension| extension == kind) {
                into.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut files = Vec::new();
    collect(&root().join(folder), kind, &mut files);
    files
}

/// Compares the part of a document between two marks with what it should be.
fn tells(document: &str, part: &str, expected: &str) {
    let path = root().join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {part} -->\n"), format!("<!-- end of {part} -->"));
    let (before, rest) = text.split_once(&begin).unwrap();
    let (written, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("RENEW_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
    } else {
        assert_eq!(written, expected, "run this test once with RENEW_DOCS=1");
    }
}

/// Whether a literal is the name of an act, such as `session.opened`.
fn is_act(literal: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_none = |noun: &str, verb: &str| matches!(noun, "auth" | "core" | "ai") || verb == "jpg";
    literal.split_once('.').is_some_and(|(noun, verb)| !is_none(noun, verb) && word(noun) && word(verb))
}

#[test]
fn the_page_has_every_way_in() {
    let page = read("docs/security.md");
    let table = page.split("| Way in |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows: BTreeSet<&str> =
        table.lines().skip(2).map(|row| row.split('|').nth(1).unwrap().trim()).collect();
    assert_eq!(rows, FirstFactor::ALL.iter().map(|first| first.label()).collect());
}

#[test]
fn the_page_of_limits_tells_the_defaults() {
    let (page, limits) = (read("docs/limits.md"), Limits::default());
    for (setting, most) in [
        ("reads_per_minute", limits.reads_per_minute),
        ("writes_per_minute", limits.writes_per_minute),
        ("credentials_per_minute", limits.credentials_per_minute),
        ("mail_per_hour", limits.mail_per_hour),
        ("tokens_per_minute", limits.tokens_per_minute),
    ] {
        let row = page.lines().find(|line| line.contains(&format!("`limits.{setting}`"))).unwrap();
        let told: String = row.rsplit('|').nth(1).unwrap().chars().filter(char::is_ascii_digit).collect();
        assert_eq!(told, most.to_string(), "{row}");
    }
}

/// The standard's rows: requirement, how it is met, and the tests that show it.
fn requirements(page: &str) -> Vec<[&str; 3]> {
    let is_number = |text: &str| {
        text.split('.').count() == 3 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    page.lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.len() == 7 && is_number(cells[1]))
        .map(|cells| [cells[1], cells[4], cells[5]])
        .collect()
}

#[test]
fn every_requirement_has_a_test_that_is_there_or_a_reason() {
    let page = read("docs/security.md");
    let rust = ["crates", "server", "app", "xtask"].map(sources).concat().concat();
    let browser: String = ["end2end/tests"].map(|folder| files(folder, "ts")).concat().concat();
    let rows = requirements(&page);
    assert_eq!(rows.len(), 150, "all of level 1 and 2");
    for [number, here, shown_by] in rows {
        let tests = shown_by.split('`').skip(1).step_by(2).filter(|name| !name.contains('.'));
        let titles =
            shown_by.split('“').skip(1).filter_map(|rest| rest.split_once('”')).map(|(title, _)| title);
        let mut named = 0;
        for test in tests {
            assert!(rust.contains(&format!("fn {test}(")), "{number} names {test}, which is not there");
            named += 1;
        }
        for title in titles {
            assert!(browser.contains(title), "{number} names “{title}”, which is not there");
            named += 1;
        }
        let reason = ["Not applicable: ", "so no test", "no code that a test could run"];
        assert!(named > 0 || reason.iter().any(|reason| here.contains(reason)), "{number}: {here}");
    }
}

#[test]
fn the_document_lists_every_act_of_the_audit_log() {
    let acts: BTreeSet<String> = sources("crates/services/src")
        .iter()
        .flat_map(|text| text.split('"').filter(|part| is_act(part)).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(acts.contains("session.opened") && acts.contains("password.changed"), "{acts:?}");
    let rows: String =
        acts.iter().map(|act| format!("| `{act}` | {} |\n", app::account::in_words(act))).collect();
    tells("docs/logging.md", "acts", &format!("| Act | As its owner reads it |\n|---|---|\n{rows}"));
}

#[test]
fn the_document_lists_every_event_about_security() {
    let mut events = BTreeSet::new();
    for text in ["app/src", "server/src", "crates/services/src"].into_iter().flat_map(sources) {
        for call in text.split("target: \"security\"").skip(1) {
            let name = call.split_once("event = \"").and_then(|(_, rest)| rest.split('"').next());
            events.insert(name.expect("an event about security has a name").to_owned());
        }
    }
    events.remove("tested");
    let document = std::fs::read_to_string(root().join("docs/logging.md")).unwrap();
    let listed: BTreeSet<String> = document
        .split("## Events about security")
        .nth(1)
        .unwrap()
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, events, "docs/logging.md lists other events than the code has");
}

#[test]
fn the_document_of_fields_tells_of_every_field_of_a_form() {
    let document = std::fs::read_to_string(root().join("docs/fields.md")).unwrap();
    let forms = [
        serde_json::to_value(domain::account::AccountForm::default()),
        serde_json::to_value(domain::account::NewPasswordForm::default()),
        serde_json::to_value(domain::private::PrivateForm::default()),
        serde_json::to_value(domain::profile::ProfileForm::default()),
        serde_json::to_value(domain::job::JobForm::default()),
    ];
    for form in forms {
        for field in form.unwrap().as_object().unwrap().keys() {
            assert!(document.contains(&format!("`{field}`")), "docs/fields.md does not tell of {field}");
        }
    }
}
