//! Passwords as forms take them: which are refused at sign-up, and what their fields are like.

use reqwest::header;
use sqlx::PgPool;

use crate::{
    site::Site,
    walk::{Seen, pages},
};

/// What is wrong with the password of a sign-up, if anything is.
async fn fault(site: &Site, password: &str) -> Option<String> {
    let form = [
        ("form[display_name]", "Ada Lovelace"),
        ("form[email]", "countess@analytical.example"),
        ("form[password]", password),
        ("form[region]", "EU"),
        ("form[purpose]", "client"),
    ];
    let body = serde_urlencoded::to_string(form).unwrap();
    let answer = site.post("/api/sign_up").header(header::ORIGIN, site.origin()).body(body);
    let answer = answer.send().await.unwrap();
    if answer.status() != 422 {
        assert!(!answer.status().is_client_error() && !answer.status().is_server_error(), "{answer:?}");
        return None;
    }
    let error: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    Some(error["fields"]["password"].as_str().unwrap_or_else(|| panic!("{error}")).to_owned())
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn nobody_signs_up_with_a_password_that_is_short_or_guessed_first(pool: PgPool) {
    let site = Site::new(pool).await;
    let short = fault(&site, "elevensigns").await.unwrap();
    assert!(short.contains("12 characters"), "{short}");
    assert!(fault(&site, &"a1 ".repeat(43)).await.unwrap().contains("128"), "129 characters");
    // The first of the bundled list, a word of this site's own, a row of keys, the name, the address.
    for weak in
        ["123456789012", "8thdegree2026", "qwertyuiopasdf", "AdaLovelace1!", "countess@analytical.example"]
    {
        let fault = fault(&site, weak).await;
        assert!(fault.as_ref().is_some_and(|fault| fault.contains("another one")), "{weak}: {fault:?}");
    }
    assert_eq!(fault(&site, "twelve signs").await, None, "twelve are enough");
}

/// The start tags of an element.
fn tags<'a>(html: &'a str, element: &str) -> Vec<&'a str> {
    let start = format!("<{element} ");
    html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn every_field_for_a_password_hides_it_and_lets_managers_fill_it_in(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "both").await;
    let mut seen = pages(&site, None, |_| None).await;
    seen.extend(pages(&site, Some(&ada.cookie), |_| None).await);
    let mut found = std::collections::BTreeSet::new();
    for Seen { path, html, .. } in &seen {
        for tag in tags(html, "input") {
            let hidden = tag.contains("type=\"password\"");
            let name =
                tag.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            if !hidden && !name.contains("password") {
                continue;
            }
            found.insert(path.as_str());
            assert!(hidden, "{path} shows what is typed: {tag}");
            let filled = ["current-password", "new-password"]
                .iter()
                .any(|kind| tag.contains(&format!("autocomplete=\"{kind}\"")));
            assert!(filled, "{path} does not tell password managers what it wants: {tag}");
            assert!(!tag.contains(" on") && !tag.contains("readonly"), "{path} hinders: {tag}");
            let longest = tag.split("maxlength=\"").nth(1).and_then(|rest| rest.split('"').next());
            let longest = longest.map(|longest| longest.parse::<usize>().unwrap());
            assert!(longest.is_none_or(|longest| longest >= 128), "{path} cuts what is pasted: {tag}");
        }
    }
    for path in ["/sign-in", "/sign-up", "/account/password", "/confirm"] {
        assert!(found.contains(path), "{path} has no field for a password: {found:?}");
    }
}

/// No code of ours hears of pasting, so none can hinder it.
#[test]
fn no_code_listens_to_pasting() {
    fn search(folder: &std::path::Path, files: &mut usize) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                search(&path, files);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "js") {
                let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
                for event in ["on:paste", "onpaste", "\"paste\"", "'paste'", "on:beforeinput"] {
                    assert!(!text.contains(event), "{} has {event}", path.display());
                }
                *files += 1;
            }
        }
    }
    let mut files = 0;
    for folder in ["app/src", "frontend/src", "public"] {
        search(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder), &mut files);
    }
    assert!(files > 50, "{files} files were searched");
}
