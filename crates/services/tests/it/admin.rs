//! Looking after other people's accounts, and what nobody may do to them.

use chrono::TimeDelta;
use domain::{
    UserId,
    account::{AccountStatus, SignInForm},
    private::{PrivateDetails, PrivateForm},
    role::{Role, Roles},
};
use identity::Principal;
use secrecy::ExposeSecret as _;
use services::{
    ServiceError,
    accounts::{self, Device, SignedIn},
    admin::{self, Filter},
    jobs, profiles,
};
use sqlx::PgPool;
use test_support::{MIGRATOR, PASSWORD, World, database_engineer, database_job};

fn here() -> Device {
    Device::default()
}

fn roles(roles: &[Role]) -> Roles {
    roles.iter().copied().collect()
}

async fn signed_in(world: &World, n: u32) -> Result<SignedIn, ServiceError> {
    let form = SignInForm {
        email: format!("person{n}@example.com"),
        password: PASSWORD.into(),
        next: String::new(),
    };
    let admission = accounts::sign_in(&world.services, &form, &here()).await?;
    Ok(admission.signed_in().unwrap())
}

async fn who(world: &World, signed_in: &SignedIn) -> Option<Principal> {
    let known = accounts::authenticate(&world.services, signed_in.token.expose_secret()).await.unwrap();
    known.map(|known| known.principal)
}

async fn actions(world: &World, id: UserId) -> Vec<String> {
    let trail = storage::audit::of_person(world.pool(), id, None, 50).await.unwrap();
    trail.into_iter().map(|entry| entry.action).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn administration_is_closed_to_everybody_else(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let (ada, bo) = (world.person("Ada", "both").await, world.person("Bo", "client").await);
    let id = bo.user_id;
    let admin = world.administrator("Admin", Role::Admin).await;
    let refused = [
        admin::find(s, &ada, Filter::default()).await.err(),
        admin::person(s, &ada, id, &here()).await.err(),
        admin::trail(s, &ada, None).await.err(),
        admin::suspend(s, &ada, id, "Because I can", &here()).await.err(),
        admin::reinstate(s, &ada, id, &here()).await.err(),
        admin::verify_email(s, &ada, id, &here()).await.err(),
        admin::end_sessions(s, &ada, id, &here()).await.err(),
        admin::begin_view(s, &ada, id, &here()).await.err(),
        admin::change_roles(s, &ada, id, &roles(&[Role::Superadmin]), &here()).await.err(),
        // Roles are for superadmins.
        admin::change_roles(s, &admin, id, &roles(&[Role::Admin]), &here()).await.err(),
    ];
    for (i, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Some(ServiceError::Forbidden(_))), "{i}: {refused:?}");
    }
    assert_eq!(accounts::own(s, &bo).await.unwrap().roles, roles(&[Role::Client]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_administers_themselves_or_those_above_them(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let admin = world.administrator("Admin", Role::Admin).await;
    let other = world.administrator("Other", Role::Admin).await;
    let root = world.administrator("Root", Role::Superadmin).await;
    for above in [&other, &root] {
        let refused = admin::suspend(s, &admin, above.user_id, "A quarrel", &here()).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
        let refused = admin::begin_view(s, &admin, above.user_id, &here()).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
        assert!(!admin::person(s, &admin, above.user_id, &here()).await.unwrap().changeable);
    }
    let refused = admin::begin_view(s, &root, admin.user_id, &here()).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))), "nobody looks as an administrator");
    let own = admin::change_roles(s, &root, root.user_id, &roles(&[Role::Client]), &here()).await;
    assert!(matches!(own, Err(ServiceError::Conflict(_))));
}

/// A request that is long under way was once judged by the roles that its sender had at its beginning.
#[sqlx::test(migrator = "MIGRATOR")]
async fn an_administrator_who_was_shut_out_meanwhile_does_nothing_more(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let one = world.administrator("One", Role::Superadmin).await;
    let two = world.administrator("Two", Role::Superadmin).await;
    let bo = world.person("Bo", "client").await;
    let id = bo.user_id;
    admin::suspend(s, &two, one.user_id, "A quarrel", &here()).await.unwrap();
    let refused = [
        admin::change_roles(s, &one, id, &roles(&[Role::Superadmin]), &here()).await.err(),
        admin::suspend(s, &one, two.user_id, "A quarrel", &here()).await.err(),
        admin::reinstate(s, &one, id, &here()).await.err(),
        admin::verify_email(s, &one, id, &here()).await.err(),
        admin::end_sessions(s, &one, id, &here()).await.err(),
        admin::begin_view(s, &one, id, &here()).await.err(),
    ];
    for (i, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Some(ServiceError::SignedOut)), "{i}: {refused:?}");
    }
    assert_eq!(accounts::own(s, &bo).await.unwrap().roles, roles(&[Role::Client]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_superadmins_cannot_take_the_role_from_each_other_at_once(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let one = world.administrator("One", Role::Superadmin).await;
    let two = world.administrator("Two", Role::Superadmin).await;
    let client = roles(&[Role::Client]);
    let here = here();
    let (first, second) = tokio::join!(
        admin::change_roles(s, &one, two.user_id, &client, &here),
        admin::change_roles(s, &two, one.user_id, &client, &here),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn administering_needs_a_fresh_proof(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await.user_id;
    let root = world.administrator("Root", Role::Superadmin).await;
    world.advance(TimeDelta::minutes(11));
    let refused = [
        admin::suspend(s, &root, ada, "For a reason", &here()).await.err(),
        admin::reinstate(s, &root, ada, &here()).await.err(),
        admin::verify_email(s, &root, ada, &here()).await.err(),
        admin::end_sessions(s, &root, ada, &here()).await.err(),
        admin::change_roles(s, &root, ada, &roles(&[Role::Admin]), &here()).await.err(),
        admin::begin_view(s, &root, ada, &here()).await.err(),
    ];
    for (i, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Some(ServiceError::ProofNeeded)), "{i}: {refused:?}");
    }
    assert!(admin::find(s, &root, Filter::default()).await.is_ok(), "looking needs none");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_is_suspended_is_out_and_comes_back_with_all_they_had(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.freelancer("Ada", &database_engineer()).await;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    world.settle().await;
    let admin = world.administrator("Admin", Role::Admin).await;
    let open = signed_in(&world, 1).await.unwrap();
    let short = admin::suspend(s, &admin, client.user_id, " ", &here()).await;
    assert!(matches!(short, Err(ServiceError::Invalid(_))));
    for id in [ada.user_id, client.user_id] {
        admin::suspend(s, &admin, id, "Complaints about payment", &here()).await.unwrap();
    }
    world.settle().await;
    world.do_jobs().await;
    assert!(who(&world, &open).await.is_none());
    assert!(matches!(signed_in(&world, 1).await, Err(ServiceError::Conflict(_))));
    assert_eq!(world.letters.to("person1@example.com").len(), 1);
    // Nobody else sees what was theirs.
    assert!(matches!(jobs::view(s, Some(&ada), job).await, Err(ServiceError::NotFound(_))));
    assert!(jobs::browse(s, &Default::default()).await.unwrap().rows.is_empty());
    assert!(profiles::browse(s, &Default::default()).await.unwrap().rows.is_empty());

    let again = admin::suspend(s, &admin, ada.user_id, "Once more", &here()).await;
    assert!(matches!(again, Err(ServiceError::Conflict(_))));
    for id in [ada.user_id, client.user_id] {
        admin::reinstate(s, &admin, id, &here()).await.unwrap();
    }
    world.settle().await;
    assert!(who(&world, &open).await.is_none(), "what was ended stays so");
    assert!(signed_in(&world, 1).await.is_ok());
    assert!(jobs::view(s, None, job).await.is_ok(), "the job is open again");
    let trail = actions(&world, client.user_id).await;
    assert!(trail.contains(&"account.suspended".into()) && trail.contains(&"account.reinstated".into()));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_administrator_ends_every_session_of_somebody(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "client").await;
    let admin = world.administrator("Admin", Role::Admin).await;
    let (one, two) = (signed_in(&world, 0).await.unwrap(), signed_in(&world, 0).await.unwrap());
    let other = signed_in(&world, 1).await.unwrap();
    admin::end_sessions(&world.services, &admin, ada.user_id, &here()).await.unwrap();
    assert!(who(&world, &one).await.is_none() && who(&world, &two).await.is_none());
    assert!(who(&world, &other).await.is_some(), "nobody else's");
    assert!(signed_in(&world, 0).await.is_ok());
    assert!(actions(&world, ada.user_id).await.contains(&"session.closed_by_admin".into()));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn new_roles_count_from_the_next_sign_in(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "client").await;
    let root = world.administrator("Root", Role::Superadmin).await;
    let before = signed_in(&world, 0).await.unwrap();
    let none = admin::change_roles(s, &root, ada.user_id, &Roles::default(), &here()).await;
    assert!(matches!(none, Err(ServiceError::Invalid(_))));
    let both = roles(&[Role::Client, Role::Admin]);
    admin::change_roles(s, &root, ada.user_id, &both, &here()).await.unwrap();
    assert!(who(&world, &before).await.is_none());
    let now = storage::people::by_id(world.pool(), ada.user_id).await.unwrap().unwrap();
    assert_eq!(now.roles, both);
    world.do_jobs().await;
    assert_eq!(world.letters.to("person0@example.com").len(), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn with_a_role_goes_what_one_had_on_the_market_by_it(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let client = world.client("Harbour").await;
    let job = world.post(&client, &database_job()).await;
    let root = world.administrator("Root", Role::Superadmin).await;
    let give =
        async |given: &[Role]| admin::change_roles(s, &root, client.user_id, &roles(given), &here()).await;
    let refused = give(&[Role::Freelancer]).await;
    assert!(matches!(refused, Err(ServiceError::Invalid(_))), "the job is open");
    admin::suspend(s, &root, client.user_id, "Complaints about payment", &here()).await.unwrap();
    give(&[Role::Freelancer]).await.unwrap();
    admin::reinstate(s, &root, client.user_id, &here()).await.unwrap();
    assert!(matches!(jobs::view(s, None, job).await, Err(ServiceError::NotFound(_))), "they hire no more");
    give(&[Role::Client]).await.unwrap();
    assert!(jobs::view(s, None, job).await.is_ok(), "they hire again");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_sees_what_another_sees_does_nothing_for_them_and_leaves_a_trace(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "both").await;
    let told = PrivateForm { legal_name: "Ada King".into(), ..PrivateForm::default() };
    accounts::change_private_details(s, &ada, &told, &here()).await.unwrap();
    let mut admin = world.administrator("Admin", Role::Admin).await;
    let session = signed_in(&world, 1).await.unwrap();
    sqlx::query("update auth.sessions set second_factor = 'totp' where user_id = $1")
        .bind(admin.user_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
    admin.session_id = who(&world, &session).await.unwrap().session_id;
    admin::begin_view(s, &admin, ada.user_id, &here()).await.unwrap();
    let viewing = who(&world, &session).await.unwrap();
    assert_eq!((viewing.user_id, viewing.display_name.as_str()), (ada.user_id, "Ada"));
    assert_eq!(viewing.viewed_by.as_ref().unwrap().user_id, admin.user_id);
    assert!(viewing.proved(s.now()).is_err());
    let hers = accounts::private_details(s, &ada).await.unwrap();
    assert_eq!(hers.legal_name.as_deref(), Some("Ada King"));
    assert_eq!(accounts::private_details(s, &viewing).await.unwrap(), PrivateDetails::default());
    let ended = admin::end_view(s, &viewing, &here()).await.unwrap();
    assert_eq!(ended, ada.user_id);
    assert_eq!(who(&world, &session).await.unwrap().user_id, admin.user_id);
    let trail = actions(&world, ada.user_id).await;
    assert!(trail.starts_with(&["view.ended".into(), "view.begun".into()]), "{trail:?}");

    // It ends by itself, and with the permission.
    admin::begin_view(s, &admin, ada.user_id, &here()).await.unwrap();
    world.advance(admin::VIEW_LASTS + TimeDelta::seconds(1));
    assert_eq!(who(&world, &session).await.unwrap().user_id, admin.user_id);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn people_are_found_by_what_one_knows_of_them(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada Lovelace", "client").await;
    world.person("Percent % Sign", "freelancer").await;
    let admin = world.administrator("Admin", Role::Admin).await;
    let found = async |filter: Filter| {
        let people = admin::find(s, &admin, filter).await.unwrap().people;
        people.into_iter().map(|account| account.display_name).collect::<Vec<_>>()
    };
    let words = |words: &str| Filter { words: words.into(), ..Filter::default() };
    assert_eq!(found(words("loveL")).await, ["Ada Lovelace"]);
    assert_eq!(found(words("person0@")).await, ["Ada Lovelace"]);
    assert_eq!(found(words(&ada.user_id.to_string())).await, ["Ada Lovelace"]);
    assert_eq!(found(words("%")).await, ["Percent % Sign"], "signs of the pattern are themselves");
    assert_eq!(found(Filter { role: Some(Role::Freelancer), ..Filter::default() }).await, ["Percent % Sign"]);
    let suspended = Filter { status: Some(AccountStatus::Suspended), ..Filter::default() };
    assert!(found(suspended).await.is_empty());
    assert_eq!(found(Filter::default()).await.len(), 3);
    let after = Filter { after: Some(admin.user_id), ..Filter::default() };
    assert_eq!(found(after).await, ["Percent % Sign", "Ada Lovelace"]);
}
