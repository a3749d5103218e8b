//! Somebody leaves, or is shut out, while another request of theirs is under way. Here the account is
//! held until both wait for it, the end of the account first.

use std::time::Duration;

use domain::{
    JobId, SessionId, TokenId, UserId,
    account::{AccountForm, AddressForm},
    private::PrivateForm,
    role::Role,
    scope::TokenForm,
};
use futures::future::BoxFuture;
use identity::{Principal, ViewedBy};
use services::{
    ServiceError, Services,
    accounts::{self, Device, second_factor as factors},
    admin, blocks,
    jobs::{self, Intent},
    own_data, pictures, profiles, tokens,
};
use sqlx::{AssertSqlSafe, PgPool};
use storage::own_data::{Deletion, PERSON_TABLES};
use test_support::{MIGRATOR, World, database_engineer, database_job};

/// What somebody does; `other` is somebody else, and the job a draft of theirs.
type Deed = fn(Services, Principal, UserId, JobId) -> BoxFuture<'static, Result<(), ServiceError>>;

const DEEDS: [(&str, Deed); 13] = [
    ("a picture", |s, who, _, _| {
        Box::pin(async move { pictures::set(&s, &who, picture(), &Device::default()).await })
    }),
    ("a name", |s, who, _, _| {
        Box::pin(async move {
            let form =
                AccountForm { display_name: "Ada Again".into(), region: "EU".into(), purpose: "both".into() };
            accounts::change(&s, &who, &form, &Device::default()).await.map(|_| ())
        })
    }),
    ("private details", |s, who, _, _| {
        Box::pin(async move {
            let form = PrivateForm { legal_name: "Augusta Ada".into(), phone: "+49 30 901820".into() };
            accounts::change_private_details(&s, &who, &form, &Device::default()).await
        })
    }),
    ("another address", |s, who, _, _| {
        Box::pin(async move {
            let form = AddressForm { email: "ada@new.example".into() };
            accounts::ask_email_change(&s, &who, &form, &Device::default()).await
        })
    }),
    ("a profile", |s, who, _, _| {
        Box::pin(async move { profiles::save(&s, &who, None, &database_engineer()).await })
    }),
    ("a new job", |s, who, _, _| {
        Box::pin(async move { jobs::create(&s, &who, JobId::new(), &database_job(), Intent::Publish).await })
    }),
    ("an edited draft", |s, who, _, draft| {
        Box::pin(async move { jobs::edit(&s, &who, draft, 1, &database_job(), Intent::Publish).await })
    }),
    ("a published draft", |s, who, _, draft| Box::pin(async move { jobs::publish(&s, &who, draft).await })),
    ("a block", |s, who, other, _| Box::pin(async move { blocks::block(&s, &who, other).await })),
    ("an archive", |s, who, _, _| {
        Box::pin(async move { own_data::request_export(&s, &who, &Device::default()).await })
    }),
    ("a token", |s, who, _, _| {
        Box::pin(async move {
            let form =
                TokenForm { name: "Ledger".into(), scopes: vec!["jobs:read".into()], days: "30".into() };
            tokens::create(&s, &who, TokenId::new(), &form, &Device::default()).await.map(|_| ())
        })
    }),
    ("an app", |s, who, _, _| Box::pin(async move { factors::begin_app(&s, &who).await })),
    ("a code", |s, who, _, _| {
        Box::pin(async move {
            factors::confirm_with(&s, &who, &factors::Answer::App("123456"), &Device::default())
                .await
                .map(|_| ())
        })
    }),
];

fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 64, 64);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&[90; 64 * 64]).unwrap();
    bytes
}

/// Lets `ending` come to the account first, and `deed` while it does; gives what became of the latter.
async fn meanwhile(
    world: &World,
    id: UserId,
    ending: impl Future<Output = Result<(), ServiceError>> + Send + 'static,
    deed: impl Future<Output = Result<(), ServiceError>> + Send + 'static,
) -> Result<(), ServiceError> {
    let mut held = world.pool().begin().await.unwrap();
    sqlx::query("select from auth.users where id = $1 for update")
        .bind(id.uuid())
        .execute(&mut *held)
        .await
        .unwrap();
    let ending = tokio::spawn(ending);
    waiting(world, 1, || ending.is_finished()).await;
    let deed = tokio::spawn(deed);
    waiting(world, 2, || deed.is_finished()).await;
    held.rollback().await.unwrap();
    ending.await.unwrap().unwrap();
    deed.await.unwrap()
}

/// Returns once so many wait for what another transaction holds, or it is done.
async fn waiting(world: &World, many: i64, done: impl Fn() -> bool) {
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    while !done() && sqlx::query_scalar::<_, i64>(waiting).fetch_one(world.pool()).await.unwrap() < many {
        tokio::task::yield_now().await;
    }
}

/// The tables that still tell something of somebody who has gone.
async fn left_of(world: &World, id: UserId) -> Vec<String> {
    let mut left = Vec::new();
    for own in PERSON_TABLES.iter().filter(|own| own.deletion == Deletion::AtOnce) {
        let sql = format!("select exists (select from {} where {} = $1)", own.table, own.owner);
        if sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.uuid()).fetch_one(world.pool()).await.unwrap() {
            left.push(own.table.to_owned());
        }
    }
    let public = "select (select display_name from auth.users where id = $1) <> 'Former member'
                      or exists (select from core.jobs where client_id = $1 and status <> 'closed')
                      or exists (select from core.profiles where user_id = $1 and visibility = 'visible')";
    if sqlx::query_scalar(public).bind(id.uuid()).fetch_one(world.pool()).await.unwrap() {
        left.push("what others see".to_owned());
    }
    left
}

async fn draft_of(world: &World, who: &Principal) -> JobId {
    let id = JobId::new();
    jobs::create(&world.services, who, id, &database_job(), Intent::Keep).await.unwrap();
    id
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_somebody_did_while_they_left_is_not_done(pool: PgPool) {
    let world = World::new(pool).await;
    let other = world.person("Bo", "client").await.user_id;
    for (what, deed) in DEEDS {
        let who = world.person("Ada", "both").await;
        let draft = draft_of(&world, &who).await;
        let (services, leaver) = (world.services.clone(), who.clone());
        let leave = async move { own_data::leave(&services, &leaver, true, &Device::default()).await };
        let deed = deed(world.services.clone(), who.clone(), other, draft);
        let done = meanwhile(&world, who.user_id, leave, deed).await;
        assert!(matches!(done, Err(ServiceError::SignedOut)), "{what}: {done:?}");
        assert_eq!(left_of(&world, who.user_id).await, [""; 0], "{what}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_somebody_did_while_they_were_shut_out_is_not_done(pool: PgPool) {
    let world = World::new(pool).await;
    let admin = world.administrator("Admin", Role::Admin).await;
    let other = world.person("Bo", "client").await.user_id;
    for (what, deed) in DEEDS {
        let who = world.person("Ada", "both").await;
        let draft = draft_of(&world, &who).await;
        let (services, admin, id) = (world.services.clone(), admin.clone(), who.user_id);
        let suspend = async move {
            admin::suspend(&services, &admin, id, "Asked for money in advance", &Device::default()).await
        };
        let deed = deed(world.services.clone(), who.clone(), other, draft);
        let done = meanwhile(&world, who.user_id, suspend, deed).await;
        assert!(matches!(done, Err(ServiceError::SignedOut)), "{what}: {done:?}");
        let public: bool = sqlx::query_scalar(
            "select exists (select from core.jobs where client_id = $1 and status = 'open')
                 or exists (select from core.profiles where user_id = $1 and visibility = 'visible')",
        )
        .bind(who.user_id.uuid())
        .fetch_one(world.pool())
        .await
        .unwrap();
        assert!(!public, "{what}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_one_person_does_at_once_is_done_one_after_the_other(pool: PgPool) {
    let world = World::new(pool).await;
    let s = &world.services;
    let ada = world.person("Ada", "both").await;
    let form =
        |name: &str| AccountForm { display_name: name.into(), region: "EU".into(), purpose: "both".into() };
    // Two who share a lock and then both change what they share would wait for each other for ever.
    let device = Device::default();
    let (one, two, three) = (form("Ada One"), form("Ada Two"), form("Ada Three"));
    let changes = [&one, &two, &three].map(|form| accounts::change(s, &ada, form, &device));
    let done = tokio::time::timeout(Duration::from_secs(10), futures::future::join_all(changes)).await;
    assert!(done.unwrap().into_iter().all(|done| done.is_ok()));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn who_has_no_session_of_their_own_changes_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let (ada, bo) = (world.person("Ada", "client").await, world.person("Bo", "client").await);
    let program = Principal { session_id: SessionId::new(), ..ada.clone() };
    let by = ViewedBy { user_id: bo.user_id, display_name: "Bo".into() };
    let viewed = Principal { session_id: bo.session_id, viewed_by: Some(by), ..ada.clone() };
    for who in [program, viewed] {
        let done = blocks::block(&world.services, &who, bo.user_id).await;
        assert!(matches!(done, Err(ServiceError::SignedOut)), "{done:?}");
    }
    blocks::block(&world.services, &ada, bo.user_id).await.unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_account_that_was_not_deleted_is_not_erased(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.freelancer("Ada", &database_engineer()).await;
    world.settle().await;
    sqlx::query("select core.enqueue_job('erase_account', jsonb_build_object('user_id', $1), null, $2)")
        .bind(ada.user_id.uuid())
        .bind(world.services.now())
        .execute(world.pool())
        .await
        .unwrap();
    world.do_jobs().await;
    let parked: Vec<String> =
        sqlx::query_scalar("select kind from core.background_jobs where parked_at is not null")
            .fetch_all(world.pool())
            .await
            .unwrap();
    assert_eq!(parked, ["erase_account"]);
    assert!(profiles::own(&world.services, &ada).await.unwrap().is_some());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_was_written_in_spite_of_all_goes_with_the_rest(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.person("Ada", "both").await;
    own_data::leave(&world.services, &ada, true, &Device::default()).await.unwrap();
    for late in [
        "insert into auth.private_details (user_id, phone_sealed, updated_at)
         values ($1, decode(repeat('00', 60), 'hex'), now())",
        "update auth.users set display_name = 'Ada' where id = $1",
    ] {
        sqlx::query(late).bind(ada.user_id.uuid()).execute(world.pool()).await.unwrap();
    }
    assert_eq!(left_of(&world, ada.user_id).await, ["auth.private_details", "what others see"]);
    world.settle().await;
    world.do_jobs().await;
    assert_eq!(left_of(&world, ada.user_id).await, [""; 0]);
}
