//! Passwords as forms take them: which are refused at sign-up, and what their fields are like.

use reqwest::header;
use sqlx::PgPool;
use test_support::PASSWORD;

use crate::{
    site::{Site, header_of},
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

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn the_present_password_is_asked_for_where_there_is_one_and_never_shown_again(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let change = async |current: &str, password: &str, cookie: &str| {
        let form = [("form[current]", current), ("form[password]", password)];
        let body = serde_urlencoded::to_string(form).unwrap();
        site.submit_with("/account/password", "/api/change_password", &body, cookie).await
    };
    let page = site.get_with("/account/password", &[(header::COOKIE, &ada.cookie)]).await;
    let html = page.text().await.unwrap();
    let field = tags(&html, "input").into_iter().find(|tag| tag.contains("form[current]")).unwrap();
    for part in ["type=\"password\"", "autocomplete=\"current-password\"", "required"] {
        assert!(field.contains(part), "{field}");
    }
    for (current, password, said) in [
        ("", "a few words in a row", "Please give your present password."),
        ("not the present one", "a few words in a row", "That is not your present password."),
        (PASSWORD, "hush", "Please use at least 12 characters"),
    ] {
        let refused = change(current, password, &ada.cookie).await;
        assert_eq!(refused.status(), 422, "{said}");
        let html = refused.text().await.unwrap();
        assert!(html.contains(said) && html.contains("form[current]"), "{said}: {html}");
        for secret in [current, password] {
            assert!(secret.is_empty() || !html.contains(secret), "{secret} came back");
        }
    }
    // Whoever was signed out meanwhile types it again; no page keeps it.
    let away = change(PASSWORD, "a few words in a row", "").await;
    let to = header_of(&away, "location");
    assert_eq!((away.status().as_u16(), to.as_str()), (303, "/sign-in?next=%2Faccount%2Fpassword"));
    assert_eq!(change(PASSWORD, "a few words in a row", &ada.cookie).await.status(), 303);

    let bo = site.visitor("Bo", "client").await;
    sqlx::query("update auth.users set password_hash = null where id = $1")
        .bind(bo.who.user_id.uuid())
        .execute(site.world.pool())
        .await
        .unwrap();
    let page = site.get_with("/account/password", &[(header::COOKIE, &bo.cookie)]).await;
    assert!(!page.text().await.unwrap().contains("form[current]"), "there is none to be given");
    assert_eq!(change("", "a few words in a row", &bo.cookie).await.status(), 303);
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
