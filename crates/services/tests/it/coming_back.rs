//! Whoever comes back within a day, in the same browser and network, is let in by one statement. It looks
//! again at all that was seen at the door before the password was compared.

use chrono::TimeDelta;
use domain::{
    SessionId,
    account::{SecondFactor, SignInForm},
};
use identity::{Principal, token};
use secrecy::{ExposeSecret as _, SecretString};
use services::{
    ServiceError,
    accounts::{self, Admission, Device},
    audit::{self, Verdict},
};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, PgPool};
use storage::{
    arrivals::{self, AsSeen, NewSession},
    audit::NewEntry,
};
use test_support::{MIGRATOR, PASSWORD, World};

async fn sign_in(world: &World, device: &Device) -> Result<Admission, ServiceError> {
    let email = "person0@example.com".to_owned();
    let form = SignInForm { email, password: PASSWORD.into(), next: String::new() };
    accounts::sign_in(&world.services, &form, device).await
}

/// Ada, and the browser on which she has signed in a moment ago.
async fn ada(world: &World) -> (Principal, Device) {
    let ada = world.person("Ada", "client").await;
    let first = sign_in(world, &Device::default()).await.unwrap().signed_in().unwrap();
    let known = accounts::authenticate(&world.services, first.token.expose_secret()).await.unwrap();
    let session = Some(known.unwrap().principal.session_id);
    (ada, Device { known: first.known_browser, session, ..Device::default() })
}

async fn count(world: &World, what: &str) -> i64 {
    let count = format!("select count(*) from auth.{what}");
    sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(world.pool()).await.unwrap()
}

/// Of the devices that are known: who held their rows last, and when they were seen.
async fn noted(world: &World) -> String {
    let noted = "select string_agg(xmax::text || ' ' || last_seen_at, ', ' order by last_seen_at)
                 from auth.known_devices";
    sqlx::query_scalar(noted).fetch_one(world.pool()).await.unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn whoever_comes_back_gets_a_session_for_the_one_before_and_an_entry(pool: PgPool) {
    let world = World::slowing(pool).await;
    let (ada, own) = ada(&world).await;
    let wrong =
        SignInForm { email: "person0@example.com".into(), password: "wrong".into(), ..SignInForm::default() };
    assert!(accounts::sign_in(&world.services, &wrong, &own).await.is_err());
    assert_eq!(count(&world, "guesses where failures > 0").await, 1);
    let (sessions, entries) = (count(&world, "sessions").await, count(&world, "audit_log").await);
    let before = noted(&world).await;

    let again = sign_in(&world, &own).await.unwrap().signed_in().unwrap();
    assert_eq!(noted(&world).await, before, "the longer way would have held the device");
    assert!(again.known_browser.is_none(), "the browser keeps what it has");
    let who = accounts::authenticate(&world.services, again.token.expose_secret()).await.unwrap().unwrap();
    assert_eq!(who.principal.user_id, ada.user_id);
    assert_eq!(count(&world, "sessions").await, sessions, "the one before has ended");
    assert!(!accounts::is_open(&world.services, own.session.unwrap()).await.unwrap());
    assert_eq!(count(&world, "guesses where failures > 0").await, 0, "what was wrong is forgotten");
    let last = &audit::own(&world.services, &ada, None).await.unwrap()[0];
    assert_eq!(
        (last.action.as_str(), last.after.as_deref()),
        ("session.opened", Some(r#"{"first":"password","second":null}"#))
    );
    let verdict = audit::verify(&world.services).await.unwrap();
    assert_eq!(verdict, Verdict::Intact { entries: entries + 1 });
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_known_browser_is_slowed_by_its_own_wrong_guesses_alone(pool: PgPool) {
    let world = World::slowing(pool).await;
    let (_, own) = ada(&world).await;
    let guess = async || {
        let email = "person0@example.com".to_owned();
        let form = SignInForm { email, password: "a wrong one, surely".into(), next: String::new() };
        accounts::sign_in(&world.services, &form, &own).await.map(|_| ())
    };
    for _ in 0..11 {
        assert!(matches!(guess().await, Err(ServiceError::Invalid(_))));
    }
    let slowed = sign_in(&world, &own).await.map(|_| ());
    assert!(
        matches!(slowed, Err(ServiceError::TooMany(wait)) if wait == TimeDelta::seconds(1)),
        "{slowed:?}"
    );
    world.advance(TimeDelta::seconds(1));
    assert!(sign_in(&world, &own).await.is_ok());
    assert!(matches!(guess().await, Err(ServiceError::Invalid(_))), "a right one makes up for all before");
}

/// What holds the account while it changes it, as all that guards one does.
async fn change_meanwhile(
    world: &World,
    device: &Device,
    sql: &'static str,
) -> Result<Admission, ServiceError> {
    let mut held = world.pool().begin().await.unwrap();
    sqlx::query("select from auth.users where email = 'person0@example.com' for update")
        .execute(&mut *held)
        .await
        .unwrap();
    let attempt = sign_in(world, device);
    let change = async {
        world.somebody_waits().await;
        sqlx::query(sql).execute(&mut *held).await.unwrap();
        held.commit().await.unwrap();
    };
    tokio::join!(attempt, change).0
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_has_changed_since_the_door_counts(pool: PgPool) {
    let world = World::new(pool).await;
    let (_, own) = ada(&world).await;
    let sessions = count(&world, "sessions").await;
    let asked = change_meanwhile(
        &world,
        &own,
        "insert into auth.passkeys select gen_random_uuid(), id, 'x', '{}', 'Hers', now() from auth.users",
    );
    assert!(matches!(asked.await, Ok(Admission::SecondFactorDue(_))), "a factor was added");
    sqlx::query("delete from auth.passkeys").execute(world.pool()).await.unwrap();
    let suspended =
        change_meanwhile(&world, &own, "update auth.users set status = 'suspended', suspended_at = now()")
            .await;
    assert!(matches!(suspended, Err(ServiceError::Conflict(_))));
    sqlx::query("update auth.users set status = 'active', suspended_at = null")
        .execute(world.pool())
        .await
        .unwrap();
    let wrong = change_meanwhile(&world, &own, "update auth.users set password_hash = 'another'").await;
    assert!(matches!(wrong, Err(ServiceError::Invalid(_))));
    assert_eq!(count(&world, "sessions").await, sessions);
}

/// What a browser shows that she trusts.
async fn trusted_by(world: &World, ada: &Principal) -> SecretString {
    let trust = token::generate().unwrap();
    sqlx::query(
        "insert into auth.trusted_devices
             (id, user_id, token_hash, user_agent, address, created_at, last_used_at, expires_at)
         values (gen_random_uuid(), $1, $2, '', '', $3, $3, $3::timestamptz + interval '1 day')",
    )
    .bind(ada.user_id.uuid())
    .bind(token::hash(trust.expose_secret()).unwrap().as_slice())
    .bind(world.services.now())
    .execute(world.pool())
    .await
    .unwrap();
    trust
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_browser_that_is_trusted_stands_in_for_the_second_factor_until_it_is_forgotten(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, own) = ada(&world).await;
    world.passkey_of(&ada).await;
    let trust = trusted_by(&world, &ada).await;
    assert!(matches!(sign_in(&world, &own).await, Ok(Admission::SecondFactorDue(_))));

    let trusted = Device { trust: Some(trust), ..own };
    let again = sign_in(&world, &trusted).await.unwrap().signed_in().unwrap();
    let who = accounts::authenticate(&world.services, again.token.expose_secret()).await.unwrap().unwrap();
    assert_eq!(who.principal.second_factor, Some(SecondFactor::TrustedDevice));
    let asked = change_meanwhile(&world, &trusted, "delete from auth.trusted_devices").await;
    assert!(matches!(asked, Ok(Admission::SecondFactorDue(_))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn all_that_opening_a_session_depends_on_is_looked_at_again(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, _) = ada(&world).await;
    let seen = async || {
        let seen = sqlx::query_scalar("select a::text from auth.admittable($1) a").bind(ada.user_id.uuid());
        seen.fetch_one(world.pool()).await.unwrap()
    };
    let opens = async |seen: &str| {
        let now = world.services.now();
        let id = SessionId::new();
        let token_hash = Sha256::digest(id.uuid().as_bytes()).into();
        let session = NewSession {
            id,
            user_id: ada.user_id,
            token_hash: &token_hash,
            user_agent: "",
            address: "",
            created_at: now,
            expires_at: now + TimeDelta::days(1),
            ends_at: now + TimeDelta::days(1),
            second_factor: None,
        };
        let entry = NewEntry {
            at: now,
            actor_id: None,
            subject_id: None,
            action: "test.opened",
            address: "",
            user_agent: "",
            before: None,
            after: None,
        };
        let house = world.services.database().house();
        let seen = AsSeen { account: seen, trusted: None, guess: None, before: None };
        arrivals::open_as_seen(house, &session, &seen, &entry).await.unwrap()
    };
    for change in [
        "update auth.users set email = 'ada@example.org'",
        "update auth.users set status = 'suspended', suspended_at = now()",
        "update auth.users set password_hash = 'another'",
        "update auth.users set email_codes_allowed = not email_codes_allowed",
        "insert into auth.user_roles select id, 'admin' from auth.users",
        "insert into auth.passkeys select gen_random_uuid(), id, 'x', '{}', 'Hers', now() from auth.users",
        "insert into auth.recovery_codes select id, sha256('code'), now() from auth.users",
        "insert into auth.authenticator_apps select id, repeat('x', 20)::bytea, 0, now() from auth.users",
        "with theirs as (
             insert into auth.organisations
                 (id, name, region, created_at, issuer, client_id, client_secret_sealed, tried_at, required)
             values (gen_random_uuid(), 'Example', 'EU', now(), 'https://example.org', 'x', 'x', now(), true)
             returning id
         )
         insert into auth.organisation_domains (organisation_id, domain, proof_token, proved_at)
         select id, 'example.org', repeat('x', 20), now() from theirs",
    ] {
        let before: String = seen().await;
        assert!(opens(&before).await, "before: {change}");
        sqlx::query(change).execute(world.pool()).await.unwrap();
        let (sessions, entries) = (count(&world, "sessions").await, count(&world, "audit_log").await);
        assert!(!opens(&before).await, "{change}");
        assert_eq!((count(&world, "sessions").await, count(&world, "audit_log").await), (sessions, entries));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_administrator_is_asked_in_a_browser_that_is_trusted_too(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, own) = ada(&world).await;
    world.passkey_of(&ada).await;
    let trusted = Device { trust: Some(trusted_by(&world, &ada).await), ..own };
    assert!(matches!(sign_in(&world, &trusted).await, Ok(Admission::SignedIn(_))));
    sqlx::query("insert into auth.user_roles select id, 'admin' from auth.users")
        .execute(world.pool())
        .await
        .unwrap();
    assert!(matches!(sign_in(&world, &trusted).await, Ok(Admission::SecondFactorDue(_))));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn another_network_and_another_day_are_noted(pool: PgPool) {
    let world = World::new(pool).await;
    let (_, own) = ada(&world).await;
    let before = noted(&world).await;
    world.advance(TimeDelta::hours(25));
    sign_in(&world, &own).await.unwrap();
    assert_ne!(noted(&world).await, before, "a day later");
    world.do_jobs().await;
    let (devices, letters) =
        (count(&world, "known_devices").await, world.letters.to("person0@example.com").len());
    let elsewhere = Device { address: Some([198, 51, 100, 1].into()), ..own };
    sign_in(&world, &elsewhere).await.unwrap();
    world.do_jobs().await;
    assert_eq!(count(&world, "known_devices").await, devices + 1);
    assert_eq!(world.letters.to("person0@example.com").len(), letters + 1, "of a sign-in from elsewhere");
}

/// Signs in while `holds` holds a row, and then tries to get what `free` names: whether it was free.
async fn is_free_meanwhile(world: &World, device: &Device, holds: &'static str, free: &'static str) -> bool {
    let mut held = world.pool().begin().await.unwrap();
    assert_eq!(sqlx::query(holds).execute(&mut *held).await.unwrap().rows_affected(), 1);
    let attempt = sign_in(world, device);
    let look = async {
        world.somebody_waits().await;
        let mut db = world.pool().acquire().await.unwrap();
        let got = sqlx::query(free).execute(&mut *db).await;
        held.commit().await.unwrap();
        got.is_ok()
    };
    let (signed_in, free) = tokio::join!(attempt, look);
    assert!(matches!(signed_in, Ok(Admission::SignedIn(_))));
    free
}

const HEAD: &str = "select from auth.audit_head for update nowait";

/// Who ends a session, or looks at another person's pages in it, holds those rows before the end of the
/// log: whoever did it the other way round would wait for them in a circle.
#[sqlx::test(migrator = "MIGRATOR")]
async fn the_session_before_is_waited_for_without_the_end_of_the_log(pool: PgPool) {
    let world = World::new(pool).await;
    let (_, own) = ada(&world).await;
    // Every session but the browser's is of no matter here.
    sqlx::query("delete from auth.sessions where id <> $1")
        .bind(own.session.unwrap().uuid())
        .execute(world.pool())
        .await
        .unwrap();
    assert!(is_free_meanwhile(&world, &own, "select from auth.sessions for update", HEAD).await);

    let view = "insert into auth.views select id, user_id, now() from auth.sessions returning session_id";
    let session: uuid::Uuid = sqlx::query_scalar(view).fetch_one(world.pool()).await.unwrap();
    let viewing = Device { session: Some(SessionId::from_uuid(session)), ..own };
    assert!(is_free_meanwhile(&world, &viewing, "select from auth.views for update", HEAD).await);
    assert_eq!(count(&world, "views").await, 0);
}

/// The longer way takes its guesses back before it notes that the browser is used.
#[sqlx::test(migrator = "MIGRATOR")]
async fn the_trusted_browser_is_waited_for_with_the_guesses_in_hand(pool: PgPool) {
    let world = World::slowing(pool).await;
    let (ada, own) = ada(&world).await;
    world.passkey_of(&ada).await;
    let trusted = Device { trust: Some(trusted_by(&world, &ada).await), ..own };
    let guesses = "select from auth.guesses where failures > 0 for update nowait";
    assert!(
        !is_free_meanwhile(&world, &trusted, "select from auth.trusted_devices for update", guesses).await
    );
}
