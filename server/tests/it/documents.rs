//! Documents that tell what is in the code, and whether they still do. `RENEW_DOCS=1` writes the
//! parts of them that are made from it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use domain::{
    account::{
        AccountForm, AddressForm, ChangePasswordForm, FirstFactor, NewPasswordForm, SignInForm, SignUpForm,
    },
    browse::BrowseForm,
    job::JobForm,
    organisation::{DomainForm, IssuerForm, OrganisationForm},
    private::PrivateForm,
    profile::{LanguageRow, LinkRow, ProfileForm, SkillRow},
    scope::TokenForm,
};
use serde::Serialize;
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
    let is_none =
        |noun: &str, verb: &str| matches!(noun, "auth" | "core" | "ai") || matches!(verb, "jpg" | "txt");
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

/// The names of the tests in a source: the attribute before a function makes it one.
fn tests(source: &str) -> BTreeSet<&str> {
    let (mut names, mut is_test) = (BTreeSet::new(), false);
    for line in source.lines().map(str::trim_start) {
        if let Some(attribute) = line.strip_prefix("#[") {
            let test = ["", "tokio::", "sqlx::"]
                .iter()
                .find_map(|of| attribute.strip_prefix(of)?.strip_prefix("test"));
            is_test |= test.is_some_and(|rest| rest.starts_with([']', '(']));
        } else if let Some(function) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ") {
            names.extend(function.split('(').next().filter(|_| is_test));
            is_test = false;
        } else if !line.starts_with("//") {
            is_test = false;
        }
    }
    names
}

#[test]
fn a_function_is_a_test_by_the_attribute_before_it() {
    let source = "fn helper() {}\n#[test]\n#[ignore]\nfn one() {}\n    #[tokio::test(start_paused = true)]\n\
                  // Why.\n    async fn two() {}\n#[tested]\nfn none(x: u8) {}\n#[sqlx::test(migrator = \"M\")]\n\
                  async fn three(pool: PgPool) {}\n#[test]\nconst X: u8 = 1;\nfn nor_this() {}";
    assert_eq!(tests(source), ["one", "three", "two"].into());
}

#[test]
fn every_requirement_has_a_test_that_is_there_or_a_reason() {
    let page = read("docs/security.md");
    let rust = ["crates", "server", "app", "xtask"].map(sources).concat().concat();
    let rust = tests(&rust);
    let browser = files("end2end/tests", "ts").concat();
    let browser: Vec<&str> = browser.split("test(\"").skip(1).collect();
    let rows = requirements(&page);
    assert_eq!(rows.len(), 150, "all of level 1 and 2");
    for [number, here, shown_by] in rows {
        let names = shown_by.split('`').skip(1).step_by(2).filter(|name| !name.contains('.'));
        let titles =
            shown_by.split('“').skip(1).filter_map(|rest| rest.split_once('”')).map(|(title, _)| title);
        let mut named = 0;
        for test in names {
            assert!(rust.contains(test), "{number} names {test}, which is no test");
            named += 1;
        }
        for title in titles {
            let is_it = |rest: &str| rest.starts_with('"') || rest.starts_with(" @");
            let is_there = browser.iter().any(|test| test.strip_prefix(title).is_some_and(is_it));
            assert!(is_there, "{number} names “{title}”, which is no test");
            named += 1;
        }
        let reason = ["Not applicable: ", "so no test", "no code that a test could run"];
        assert!(named > 0 || reason.iter().any(|reason| here.contains(reason)), "{number}: {here}");
    }
}

#[test]
fn the_counts_are_those_of_the_rows() {
    let page = read("docs/security.md");
    let rows = requirements(&page);
    let count = |is_of: &dyn Fn(&str) -> bool| {
        let of: Vec<_> = rows.iter().filter(|[number, ..]| is_of(number)).map(|[_, here, _]| *here).collect();
        let begin = |with: &str| of.iter().filter(|here| here.starts_with(with)).count();
        let (not_applicable, not_yet) = (begin("Not applicable"), begin("Not yet"));
        [of.len() - not_applicable - not_yet, not_applicable, not_yet, of.len()].map(|n| n.to_string())
    };
    let table = page.split("| Chapter |").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut in_all = 0;
    for row in table.lines().skip(2) {
        let cells: Vec<_> = row.split('|').map(|cell| cell.trim_matches([' ', '*'])).collect();
        let counted = match cells[1].strip_prefix('V') {
            None => count(&|_| true),
            Some(chapter) => {
                let (number, _) = chapter.split_once(' ').unwrap();
                let counted = count(&|of| of.split('.').next() == Some(number));
                in_all += counted[3].parse::<usize>().unwrap();
                counted
            }
        };
        assert_eq!(cells[2..6], counted, "{row}");
    }
    assert_eq!(in_all, rows.len(), "each chapter is in the table");
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

/// The names of the fields of a form, or of a row of one.
fn fields<T: Default + Serialize>() -> Vec<String> {
    let form = serde_json::to_value(T::default()).unwrap();
    form.as_object().unwrap().keys().cloned().collect()
}

/// The section of a document with this title.
fn section<'a>(document: &'a str, title: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no {title}"));
    rest.split("\n## ").next().unwrap()
}

#[test]
fn the_document_of_fields_tells_of_every_field_of_a_form() {
    let document = read("docs/fields.md");
    let entrance = "Signing up and signing in";
    let (profile, organisation) = ("The profile of a freelancer", "An organisation");
    let forms = [
        ("SignUpForm", entrance, fields::<SignUpForm>()),
        ("SignInForm", entrance, fields::<SignInForm>()),
        ("NewPasswordForm", entrance, fields::<NewPasswordForm>()),
        ("AddressForm", entrance, fields::<AddressForm>()),
        ("AccountForm", "The account", fields::<AccountForm>()),
        ("ChangePasswordForm", "The account", fields::<ChangePasswordForm>()),
        ("PrivateForm", "The account", fields::<PrivateForm>()),
        ("TokenForm", "A token for programs", fields::<TokenForm>()),
        ("ProfileForm", profile, fields::<ProfileForm>()),
        ("SkillRow", profile, fields::<SkillRow>()),
        ("LanguageRow", profile, fields::<LanguageRow>()),
        ("LinkRow", profile, fields::<LinkRow>()),
        ("JobForm", "A job", fields::<JobForm>()),
        ("OrganisationForm", organisation, fields::<OrganisationForm>()),
        ("DomainForm", organisation, fields::<DomainForm>()),
        ("IssuerForm", organisation, fields::<IssuerForm>()),
        ("BrowseForm", "A search", fields::<BrowseForm>()),
    ];
    for (form, title, fields) in &forms {
        for field in fields {
            let told = section(&document, title).contains(&format!("`{field}`"));
            assert!(told, "docs/fields.md does not tell of {field} of {form} under {title}");
        }
    }
    let texts = sources("crates/domain/src").concat();
    let there: BTreeSet<&str> = texts
        .split("pub struct ")
        .filter_map(|rest| rest.split([' ', '<', '(', ';']).next())
        .filter(|name| name.ends_with("Form") || name.ends_with("Row"))
        .collect();
    assert_eq!(there, forms.iter().map(|(form, ..)| *form).collect(), "the forms that this test asks for");
}

#[test]
fn the_document_of_fields_tells_of_what_is_sent_beside_forms() {
    let document = read("docs/fields.md");
    let mut sent = BTreeSet::new();
    let texts = sources("app/src").concat().replace("#[server(default)]", "");
    for function in texts.split("#[server(endpoint").skip(1) {
        let (head, _) = function.split_once(") -> Result<").unwrap();
        let (_, arguments) = head.rsplit_once("pub async fn ").unwrap();
        let (_, arguments) = arguments.split_once('(').unwrap();
        for line in arguments.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let named = line.split(',').filter_map(|argument| argument.split_once(": "));
            sent.extend(named.filter_map(|(name, _)| name.split_whitespace().last()));
        }
    }
    assert!(sent.remove("form") && sent.contains("passkey") && sent.contains("next"), "{sent:?}");
    for field in sent {
        assert!(document.contains(&format!("`{field}`")), "docs/fields.md does not tell of {field}");
    }
}
