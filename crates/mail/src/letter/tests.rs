#![allow(clippy::unwrap_used)]

use super::*;

const LINK: &str = "https://8thdegree.example/confirm?token=abc-_123&lang=en";
/// What somebody may call their device.
const HOSTILE: &str = "</p><script>alert('x')</script>\r\nSubject: free\n\nhttps://evil.example \u{202e}\"&";

fn site() -> SiteNames {
    SiteNames {
        name: "8thDegree".into(),
        url: "https://8thdegree.example".into(),
        sign_in: "https://8thdegree.example/sign-in".into(),
        reset_password: "https://8thdegree.example/forgotten".into(),
        security: "https://8thdegree.example/security".into(),
        support: Some("help@8thdegree.example".into()),
    }
}

/// One of each.
fn letters(text: &str) -> Vec<Letter> {
    let at = "2026-11-20T12:05:00Z".parse().unwrap();
    let (link, text) = (LINK.to_owned(), text.to_owned());
    vec![
        Letter::VerifyEmail { link: link.clone(), hours: 24 },
        Letter::ResetPassword { link: link.clone(), minutes: 30, at, place: text.clone() },
        Letter::ResetUnknown,
        Letter::AlreadyRegistered,
        Letter::AddressTaken,
        Letter::ChangeEmailOld { link: link.clone(), new_email: text.clone() },
        Letter::ChangeEmailNew { link },
        Letter::EmailChanged,
        Letter::PasswordChanged,
        Letter::NewSignIn { device: text.clone(), place: text.clone(), at },
        Letter::SecondFactorCode { code: "271 828".into(), minutes: 1 },
        Letter::SecondFactorChanged { what: FactorChange::PasskeyAdded },
        Letter::ConnectionAdded { provider: text.clone() },
        Letter::ConnectionRemoved { provider: text.clone() },
        Letter::TokenCreated { token_name: text, days: 90 },
        Letter::AccountSuspended,
        Letter::ExportReady { days: 7 },
        Letter::AccountDeleted,
        Letter::AccountReinstated,
        Letter::RolesChanged,
    ]
}

/// What a reader's program makes of the few entities that escaping writes.
fn unescaped(html: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(html.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// The addresses that an HTML letter leads to.
fn leads_to(html: &str) -> Vec<String> {
    html.split("href=\"").skip(1).map(|rest| unescaped(rest.split('"').next().unwrap())).collect()
}

#[test]
fn every_letter_has_a_subject_and_says_the_same_twice() {
    for letter in letters("Lisbon, Portugal") {
        let name = letter.name();
        let Content { subject, text, html } = letter.render(&site());
        assert!((10..60).contains(&subject.len()) && !subject.contains('\n'), "{name}: {subject}");
        assert!(html.contains(&format!("<title>{subject}</title>")), "{name}");
        for part in [&text, &html] {
            for left_over in ["{{", "}}", "{%", "%}", "{#", "#}", "Subject:", "undefined"] {
                assert!(!part.contains(left_over), "{name}: {left_over} in {part}");
            }
            assert!(part.contains("8thDegree"), "{name}");
            assert!(unescaped(part).contains("help@8thdegree.example"), "{name}");
        }
        assert!(!text.contains("none"), "{name}: a value is missing in {text}");
        assert!(html.starts_with("<!doctype html>") && html.contains("lang=\"en\""), "{name}");
        assert!(!html.contains("<img") && !html.contains("<script") && !html.contains("url("), "{name}");
        assert!(text.ends_with('\n') && !text.contains("\n\n\n"), "{name}: {text}");
    }
}

#[test]
fn both_forms_lead_to_the_same_pages() {
    for letter in letters("Lisbon, Portugal") {
        let (name, content) = (letter.name(), letter.render(&site()));
        let mut in_text: Vec<&str> =
            content.text.split_whitespace().filter(|word| word.starts_with("https://")).collect();
        let mut in_html = leads_to(&content.html);
        in_html.retain(|link| !link.starts_with("mailto:"));
        in_text.sort_unstable();
        in_html.sort_unstable();
        assert_eq!(in_text, in_html, "{name}");
    }
}

#[test]
fn letters_that_ask_for_an_act_carry_its_link() {
    let with_link = ["verify_email", "reset_password", "change_email_old", "change_email_new"];
    for letter in letters("Lisbon, Portugal") {
        let content = letter.render(&site());
        let expected = with_link.contains(&letter.name());
        assert_eq!(content.text.lines().any(|line| line == LINK), expected, "{}", letter.name());
        assert_eq!(leads_to(&content.html).iter().any(|link| link == LINK), expected, "{}", letter.name());
    }
}

#[test]
fn what_others_wrote_stays_what_it_is() {
    for letter in letters(HOSTILE) {
        let (name, content) = (letter.name(), letter.render(&site()));
        assert!(!content.html.contains("<script"), "{name}: {}", content.html);
        assert!(!content.html.contains("</p></p>") && !content.html.contains('\u{202e}'), "{name}");
        assert!(
            !content
                .text
                .lines()
                .any(|line| line.starts_with("Subject:") || line.starts_with("https://evil"))
        );
        assert!(!content.text.contains(['\r', '\u{202e}']), "{name}");
        assert!(!content.subject.contains("script"), "{name}");
    }
    let shown =
        Letter::NewSignIn { device: HOSTILE.into(), place: "x".into(), at: Utc::now() }.render(&site());
    assert!(shown.html.contains("&lt;script&gt;"), "{}", shown.html);
    let odd = Letter::VerifyEmail { link: "https://8thdegree.example/\"><script>".into(), hours: 1 };
    assert!(
        !odd.render(&site()).html.contains("<script"),
        "a part that several letters share escapes as well"
    );
    assert!(shown.text.contains("<script>"), "plain text needs no escaping: {}", shown.text);
}

#[test]
fn a_site_without_helpers_names_none() {
    for letter in letters("Lisbon, Portugal") {
        let content = letter.render(&SiteNames { support: None, ..site() });
        for part in [content.text, content.html] {
            assert!(!part.contains("mailto:") && !part.contains("please write to"), "{part}");
            assert!(!part.contains("\n\n\n"), "{part}");
        }
    }
}

#[test]
fn every_change_of_a_second_factor_has_its_sentence() {
    use FactorChange as F;
    let all = [
        F::AppAdded,
        F::AppRemoved,
        F::PasskeyAdded,
        F::PasskeyRemoved,
        F::EmailCodesAllowed,
        F::EmailCodesForbidden,
        F::RecoveryCodesRenewed,
        F::RecoveryCodeUsed,
    ];
    for what in all {
        let content = Letter::SecondFactorChanged { what }.render(&site());
        assert!(content.text.starts_with(what.sentence()), "{}", content.text);
        assert!(content.html.contains(what.sentence()), "{}", content.html);
    }
}

#[test]
fn a_letter_reads_as_a_person_would_write_it() {
    let at = "2026-11-20T12:05:00Z".parse().unwrap();
    let letter =
        Letter::ResetPassword { link: LINK.into(), minutes: 30, at, place: "Lisbon, Portugal".into() };
    let Content { subject, text, .. } = letter.render(&site());
    assert_eq!(subject, "Choose a new password");
    assert_eq!(
        text,
        "Somebody, hopefully you, asked for a new password for your account: 20 November 2026, 12:05 UTC, \
         Lisbon, Portugal.\n\n\
         This link lets you choose one within 30 minutes. It works once:\n\n\
         https://8thdegree.example/confirm?token=abc-_123&lang=en\n\n\
         If it was not you, do nothing. Your password stays as it is, and nobody gets in with this request. \
         Please do not pass this mail on.\n\n\
         -- \n8thDegree, https://8thdegree.example\n\
         Nobody reads answers to this mail; please write to help@8thdegree.example instead.\n"
    );
    let code = Letter::SecondFactorCode { code: "271828".into(), minutes: 1 }.render(&site());
    assert!(code.text.contains("within 1 minute,"), "{}", code.text);
    assert!(!code.subject.contains("271828"), "a locked screen shows subjects");
}

#[test]
fn a_letter_that_waits_is_read_back() {
    for letter in letters("Lisbon, Portugal") {
        let stored = serde_json::to_value(&letter).unwrap();
        assert_eq!(stored["letter"], letter.name());
        assert_eq!(serde_json::from_value::<Letter>(stored).unwrap(), letter);
    }
}

#[test]
fn what_is_logged_of_a_letter_holds_neither_link_nor_code() {
    for letter in letters("Lisbon, Portugal") {
        let shown = format!("{letter:?} {:?}", letter.render(&site()));
        assert!(!shown.contains("https://") && !shown.contains("271"), "{shown}");
    }
}
