//! Where people sign in from, in words.

use std::{io::Write as _, net::IpAddr};

use domain::account::SignInForm;
use serde_json::json;
use services::{
    Places,
    accounts::{self, Device},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, places};

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

fn opened(networks: &[(&str, serde_json::Value)]) -> Places {
    Places::open(file(&places(networks)).path()).unwrap()
}

fn lisbon() -> serde_json::Value {
    json!({
        "city": { "names": { "en": "Lisbon", "pt": "Lisboa" } },
        "country": { "iso_code": "PT", "names": { "en": "Portugal" } },
    })
}

fn of(places: &Places, address: &str) -> String {
    places.in_words(address.parse::<IpAddr>().unwrap())
}

#[test]
fn an_address_is_told_with_its_city_and_country() {
    let known = opened(&[
        ("192.0.2.0/24", lisbon()),
        ("198.51.100.0/24", json!({ "country": { "iso_code": "FR" } })),
        ("203.0.113.0/25", json!({ "country_code": "JP" })),
        ("203.0.113.128/25", json!({ "country_code": "QQ" })),
        ("2001:db8::/32", json!({ "country": { "names": { "en": "Chile" } }, "city": "not this way" })),
    ]);
    for (address, words) in [
        ("192.0.2.7", "Lisbon, Portugal · 192.0.2.7"),
        ("::ffff:192.0.2.7", "Lisbon, Portugal · 192.0.2.7"),
        ("198.51.100.1", "France · 198.51.100.1"),
        ("203.0.113.1", "Japan · 203.0.113.1"),
        ("203.0.113.200", "QQ · 203.0.113.200"),
        ("2001:db8:1::5", "Chile · 2001:db8:1::5"),
        ("8.8.8.8", "place unknown · 8.8.8.8"),
        ("2001:db9::1", "place unknown · 2001:db9::1"),
    ] {
        assert_eq!(of(&known, address), words);
    }
    assert_eq!(of(&Places::default(), "192.0.2.7"), "place unknown · 192.0.2.7");
}

#[test]
fn what_is_near_is_said_to_be_near_whatever_a_database_tells() {
    let everywhere = opened(&[("::/1", lisbon()), ("8000::/1", lisbon())]);
    assert_eq!(of(&everywhere, "2001:db8::1"), "Lisbon, Portugal · 2001:db8::1");
    for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        assert!(of(&everywhere, address).starts_with("this machine · "), "{address}");
    }
    for address in
        ["10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.0.1", "100.64.0.1", "fd00::1", "fe80::1"]
    {
        assert_eq!(of(&everywhere, address), format!("a private network · {address}"));
    }
    for address in ["172.32.0.1", "100.63.0.1", "100.128.0.1"] {
        assert_eq!(of(&everywhere, address), format!("Lisbon, Portugal · {address}"));
    }
}

#[test]
fn a_file_that_is_no_database_is_an_error() {
    let whole = places(&[("192.0.2.0/24", lisbon())]);
    assert!(Places::open(file(b"").path()).is_err());
    assert!(Places::open(file(b"192.0.2.0/24,Lisbon").path()).is_err());
    assert!(Places::open(file(&whole[..whole.len() / 2]).path()).is_err());
    assert!(Places::open("/nowhere.mmdb".as_ref()).is_err());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_letter_about_a_new_device_tells_where_it_is(pool: PgPool) {
    let known = opened(&[("192.0.2.0/24", lisbon())]);
    let world = World::with_settings(pool, |settings| settings.places = known).await;
    world.person("Ada", "client").await;
    let form =
        SignInForm { email: "person0@example.com".into(), password: PASSWORD.into(), next: String::new() };
    for (agent, address, place) in [
        ("Firefox/140.0", Some("192.0.2.7"), "Place: Lisbon, Portugal · 192.0.2.7\n"),
        ("Chrome/140.0", Some("8.8.8.8"), "Place: place unknown · 8.8.8.8\n"),
        ("Safari/605", None, "Place: an unknown place\n"),
    ] {
        let address = address.map(|address| address.parse().unwrap());
        let device = Device { user_agent: agent.into(), address, ..Device::default() };
        accounts::sign_in(&world.services, &form, &device).await.unwrap();
        world.do_jobs().await;
        let letters = world.letters.to("person0@example.com");
        assert!(letters.last().unwrap().text.contains(place), "{place}: {}", letters.last().unwrap().text);
    }
}
