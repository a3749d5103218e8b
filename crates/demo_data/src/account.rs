//! The accounts behind profiles and jobs: identifiers, names, addresses, ages.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    UserId,
    account::Email,
    place::Region,
    role::{Role, Roles},
};
use unicode_normalization::UnicodeNormalization;
use uuid::{Builder, Uuid};

use crate::{
    PEOPLE_DOMAIN, Person, Plan, demo_accounts,
    dice::{Dice, Kind},
    names,
    place::{self, Place},
};

/// A client, and what the client's jobs take from them.
pub(crate) struct Client {
    pub(crate) person: Person,
    pub(crate) place: &'static Place,
    pub(crate) colleagues: usize,
}

/// An identifier of version 7 (RFC 9562) for something created at that time.
pub(crate) fn uuid(created_at: DateTime<Utc>, dice: &mut Dice) -> Uuid {
    let millis = u64::try_from(created_at.timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &dice.bytes()).into_uuid()
}

/// A moment between `least` and `most` days ago, the recent ones likelier.
pub(crate) fn ago(plan: &Plan, dice: &mut Dice, least: f64, most: f64) -> DateTime<Utc> {
    // A square and not another power: multiplication is exact on every machine, `powf` is not.
    let share = dice.unit();
    let days = least + (most - least) * share * share;
    plan.now - TimeDelta::milliseconds((days * 86_400_000.0) as i64)
}

/// An address made of the name, and of a number that sets namesakes apart.
pub(crate) fn email(name: &str, mark: &str, item: usize) -> Email {
    let plain = |word: &str| -> String {
        // Decomposed, an accented letter is a letter and a mark, and only the letter is kept.
        word.nfd().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
    };
    let words: Vec<_> = name.split(' ').map(plain).filter(|word| !word.is_empty()).collect();
    Email::parse(&format!("{}.{mark}{item}@{PEOPLE_DOMAIN}", words.join(".")))
        .expect("letters and digits parted by dots are an address")
}

pub(crate) fn client(plan: &Plan, i: usize) -> Client {
    let mut dice = Dice::new(plan.seed, Kind::Client, i);
    let created_at = ago(plan, &mut dice, 60.0, 720.0);
    let id = UserId::from_uuid(uuid(created_at, &mut dice));
    let (region, place) = place::somewhere(&mut dice);
    let colleagues = dice.between(3, 140);
    let company = dice.chance(65);
    let display_name =
        if company { names::company(&mut dice) } else { names::person(&mut dice, place.cultures) };
    if i == 0 {
        let place = place::town("Lisbon");
        let email = demo_accounts::email(demo_accounts::CLIENT_EMAIL);
        let person = person(id, demo_accounts::CLIENT_NAME.to_owned(), email, Region::Eu, created_at);
        return Client { person, place, colleagues: 24 };
    }
    let email = email(&display_name, "c", i);
    Client { person: person(id, display_name, email, region, created_at), place, colleagues }
}

fn person(
    id: UserId,
    display_name: String,
    email: Email,
    region: Region,
    created_at: DateTime<Utc>,
) -> Person {
    Person {
        id,
        display_name,
        email,
        region,
        roles: Roles::from_iter([Role::Client]),
        created_at,
        profile: None,
        profile_updated_at: created_at,
        speciality: "",
    }
}
