//! Passwords as people choose and give them: how long, and compared with what exactly.

use domain::account::{ChangePasswordForm, SignInForm};
use identity::{Principal, breached::Breached, external::Http};
use services::{
    ServiceError, Services, Settings,
    accounts::{self, Device},
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World};

/// 128 characters of several scripts, with spaces at both ends; no two neighbours alike.
fn long() -> String {
    let text = " Über den Wolken, 雲の上, должна быть свобода; και πάλι – ¿por qué no? ";
    let all: String = text
        .chars()
        .chain("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich 7 ".chars())
        .collect();
    let mut all: String = all.chars().take(127).collect();
    all.push(' ');
    all
}

/// Chooses another password in place of the present one; if it is refused, why.
async fn choose(world: &World, who: &Principal, current: &str, password: &str) -> Result<(), String> {
    let form = ChangePasswordForm { current: current.to_owned(), password: password.to_owned() };
    match accounts::change_password(&world.services, who, &form, &Device::default()).await {
        Ok(_) => Ok(()),
        Err(ServiceError::Invalid(errors)) => Err(errors.get("password").unwrap().to_owned()),
        Err(other) => panic!("{other}"),
    }
}

async fn opens(world: &World, password: &str) -> bool {
    let form = SignInForm {
        email: "person0@example.com".into(),
        password: password.to_owned(),
        ..SignInForm::default()
    };
    match accounts::sign_in(&world.services, &form, &Device::default()).await {
        Ok(_) => true,
        Err(ServiceError::Invalid(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_has_12_to_128_characters_and_not_one_less_or_more(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    assert_eq!(long().chars().count(), 128);
    let mut present = PASSWORD.to_owned();
    for (fine, wrong) in [("küche & hof!", "küche & hof"), (long().as_str(), &(long() + "!"))] {
        assert!(choose(&world, &ada, &present, wrong).await.is_err(), "{} characters", wrong.chars().count());
        choose(&world, &ada, &present, fine).await.unwrap();
        fine.clone_into(&mut present);
        assert!(opens(&world, fine).await, "{} characters", fine.chars().count());
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_is_compared_exactly_as_it_was_typed(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let chosen = long();
    choose(&world, &ada, PASSWORD, &chosen).await.unwrap();
    let decomposed = chosen.replace('ü', "u\u{308}");
    let shorter: String = chosen.chars().take(127).collect();
    let bcrypt: String = chosen.chars().take(72).collect();
    for other in [
        chosen.to_lowercase(),
        chosen.to_uppercase(),
        chosen.trim().to_owned(),
        chosen.trim_start().to_owned(),
        chosen.replace(' ', "\u{a0}"),
        decomposed,
        shorter,
        bcrypt,
        chosen.clone() + " ",
        chosen.clone() + "\0",
    ] {
        assert_ne!(other, chosen);
        assert!(!opens(&world, &other).await, "{other:?} is not what was chosen");
    }
    assert!(opens(&world, &chosen).await);
}

/// The world's services with a collection that answers so, or not at all.
fn with_collection(world: &World, answer: Option<&'static str>) -> Services {
    let http = Http::new(move |_| async move {
        let list = answer.ok_or(std::io::Error::other("away"))?;
        Ok::<_, std::io::Error>(http::Response::new(list.to_owned()))
    });
    let database = world.services.database().clone();
    Services::open(Settings {
        breached: Some(Breached::at("https://collection.example/range", http)),
        clock: std::sync::Arc::new({
            let now = world.services.now();
            move || now
        }),
        ..Settings::new(
            database,
            test_support::lexical(),
            std::sync::Arc::new(world.letters.clone()),
            test_support::keys(&["test"]),
        )
    })
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_breached_password_is_refused_and_a_collection_that_is_away_keeps_nobody_out(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    // The end of its SHA-1, which begins with ABF7A.
    let breached = "AD6438836DBE526AA231ABDE2D0EEF74D42:9\r\n";
    let new = "correct horse battery staple";
    let change = async |services: &Services, current: &str| {
        let form = ChangePasswordForm { current: current.into(), password: new.into() };
        accounts::change_password(services, &ada, &form, &Device::default()).await.map(drop)
    };
    let refused = change(&with_collection(&world, Some(breached)), PASSWORD).await.unwrap_err();
    let ServiceError::Invalid(errors) = refused else { panic!("{refused}") };
    assert!(errors.get("password").unwrap().contains("stolen"), "{errors:?}");
    let without = with_collection(&world, Some("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n"));
    change(&without, PASSWORD).await.unwrap();
    change(&with_collection(&world, None), new).await.unwrap();
}
