//! Every address as every role.

use std::collections::BTreeSet;

use app::access::{Access, DOORS, Door, document};
use domain::{permission::Permission, role::Role, scope::Scope};
use reqwest::{
    Response,
    header::{self, HeaderName},
};
use sqlx::PgPool;

use crate::{
    api::personal,
    site::{Site, Visitor, header_of},
};

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn every_address_has_its_rule_and_every_rule_its_address(pool: PgPool) {
    let site = Site::new(pool).await;
    let ruled: BTreeSet<_> =
        DOORS.iter().map(|door| (door.method.to_owned(), door.path.to_owned())).collect();
    assert_eq!(DOORS.len(), ruled.len(), "one rule each");
    let doors = site.running().doors();
    let answered: BTreeSet<_> =
        doors.iter().map(|(method, path)| (method.to_string(), path.clone())).collect();
    assert_eq!(doors.len(), answered.len(), "one answer each");
    let without: Vec<_> = answered.difference(&ruled).collect();
    assert!(without.is_empty(), "no rule in app/src/access.rs for {without:?}");
    let stale: Vec<_> = ruled.difference(&answered).collect();
    assert!(stale.is_empty(), "rules for what is not there: {stale:?}");
}

/// `RENEW_DOCS=1` writes it.
#[test]
fn the_document_tells_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/access.md");
    if std::env::var_os("RENEW_DOCS").is_some() {
        std::fs::write(path, document()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, document(), "run this test once with RENEW_DOCS=1");
}

/// How the site took somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    In,
    /// Asked to sign in.
    SignIn,
    Refused,
}

/// The address of a door, of something that is not there.
fn address(door: &Door) -> String {
    let id = "00000000-0000-7000-8000-000000000001";
    let path = door.path.split('/').map(|part| if part.starts_with('{') { id } else { part });
    path.collect::<Vec<_>>().join("/")
}

/// Asks at a door as a page of ours would, and with one header more.
async fn ask(site: &Site, door: &Door, header: Option<(HeaderName, &str)>) -> Response {
    let (path, origin) = (address(door), site.origin());
    if door.method == "GET" {
        let mut headers = vec![(header::ORIGIN, origin.as_str())];
        headers.extend(header);
        return site.get_with(&path, &headers).await;
    }
    assert_eq!(door.method, "POST", "{} needs another way to ask", door.path);
    let request = site.post(&path).header(header::ORIGIN, origin).body(door.form);
    let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    request.send().await.unwrap()
}

/// Asks at a door. An address of something that is not there still tells who may ask for it.
async fn knock(site: &Site, door: &Door, header: Option<(HeaderName, &str)>) -> Taken {
    let answer = ask(site, door, header).await;
    let to_sign_in = header_of(&answer, "location").starts_with("/sign-in?next=");
    let status = answer.status();
    match status.as_u16() {
        401 => Taken::SignIn,
        303 if to_sign_in => Taken::SignIn,
        403 => Taken::Refused,
        // The token endpoint says so of a token that is none, as OAuth wants it.
        400 if answer.text().await.unwrap().contains("invalid_grant") => Taken::In,
        400 if door.method == "POST" => panic!("{} cannot read the form of its rule", door.path),
        500.. => panic!("{} fails: {status}", door.path),
        _ => Taken::In,
    }
}

/// Somebody who walks from door to door.
struct Walker {
    name: &'static str,
    /// None for nobody signed in.
    roles: Option<&'static [Role]>,
    cookie: Option<String>,
}

const ROLES: [(&str, &[Role]); 5] = [
    ("freelancer", &[Role::Freelancer]),
    ("client", &[Role::Client]),
    ("both", &[Role::Freelancer, Role::Client]),
    ("admin", &[Role::Admin]),
    ("superadmin", &[Role::Superadmin]),
];

/// Gives a person exactly these roles.
async fn hold(site: &Site, visitor: &Visitor, roles: &[Role]) {
    let (id, pool) = (visitor.who.user_id.uuid(), site.world.pool());
    sqlx::query("delete from auth.user_roles where user_id = $1").bind(id).execute(pool).await.unwrap();
    for role in roles {
        sqlx::query("insert into auth.user_roles values ($1, $2)")
            .bind(id)
            .bind(role.as_str())
            .execute(pool)
            .await
            .unwrap();
    }
    // Without it, administrators get nowhere; `second_factor.rs` asks where they get then.
    sqlx::query("update auth.sessions set second_factor = 'totp' where user_id = $1")
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn every_door_admits_exactly_those_of_its_rule(pool: PgPool) {
    let site = Site::new(pool).await;
    let mut walkers = vec![Walker { name: "nobody", roles: None, cookie: None }];
    for (name, roles) in ROLES {
        let visitor = site.visitor(name, "client").await;
        hold(&site, &visitor, roles).await;
        walkers.push(Walker { name, roles: Some(roles), cookie: Some(visitor.cookie) });
    }
    // Signing out ends the session that the rest of the walk needs.
    let (last, doors): (Vec<&Door>, Vec<&Door>) = DOORS.iter().partition(|door| door.path == "/api/sign_out");
    let mut wrong = Vec::new();
    for door in doors.into_iter().chain(last) {
        for Walker { name, roles, cookie } in &walkers {
            let taken = knock(&site, door, cookie.as_deref().map(|cookie| (header::COOKIE, cookie))).await;
            let expected = match (door.access.admits(*roles), roles) {
                (true, _) => Taken::In,
                // A program is asked for a token, whoever is signed in beside it.
                (false, _) if matches!(door.access, Access::Token(..)) => Taken::SignIn,
                (false, None) => Taken::SignIn,
                (false, Some(_)) => Taken::Refused,
            };
            if taken != expected {
                wrong.push(format!("{} {} as {name}: {taken:?}, not {expected:?}", door.method, door.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every door, asked at with every scope in the name of every role. At all doors that are not for
/// programs a token opens nothing, neither to read nor to write.
#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn every_door_admits_exactly_the_tokens_of_its_rule(pool: PgPool) {
    let site = Site::new(pool).await;
    let mut wrong = Vec::new();
    for (name, roles) in ROLES {
        let visitor = site.visitor(name, "client").await;
        hold(&site, &visitor, roles).await;
        for scopes in Scope::ALL.iter().map(std::slice::from_ref).chain([Scope::ALL]) {
            let bearer = format!("Bearer {}", personal(&site, &visitor, scopes).await);
            for door in DOORS {
                let taken = knock(&site, door, Some((header::AUTHORIZATION, &bearer))).await;
                if (taken == Taken::In) != door.access.admits_token(scopes, roles) {
                    wrong.push(format!("{} {} as {name} with {scopes:?}: {taken:?}", door.method, door.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// An administrator who looks at the pages of somebody who may do all that people do.
#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whoever_looks_at_another_persons_pages_can_change_nothing_at_any_door(pool: PgPool) {
    let site = Site::new(pool).await;
    let (admin, ada) = (site.visitor("Root", "client").await, site.visitor("Ada", "both").await);
    hold(&site, &admin, &[Role::Admin]).await;
    let begin = site.post("/api/begin_view").header(header::ORIGIN, site.origin());
    let begin = begin.header(header::COOKIE, &admin.cookie).body(format!("user={}", ada.who.user_id));
    assert!(begin.send().await.unwrap().status().is_success());
    // These look at no cookie: to them, nobody is signed in.
    let of_programs = |path: &str| path.starts_with("/api/v1/");
    let changing = DOORS.iter().filter(|door| door.method != "GET" && !of_programs(door.path));
    // The last two end the view that the rest of the walk needs.
    let allowed = ["/api/theme", "/api/end_view", "/api/sign_out"];
    let mut wrong = Vec::new();
    for door in changing.clone().filter(|door| !allowed.contains(&door.path)) {
        let answer = ask(&site, door, Some((header::COOKIE, &admin.cookie))).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        if status != 403 || !text.contains("You are looking at somebody else's pages and can change nothing.")
        {
            wrong.push(format!("{} {}: {status} {text}", door.method, door.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let page = site.post("/api/save_account").header(header::ORIGIN, site.origin());
    let page = page.header(header::COOKIE, &admin.cookie).header(header::ACCEPT, "text/html");
    let page = page.send().await.unwrap().text().await.unwrap();
    let ways_out = ["action=\"/api/end_view\"", "action=\"/api/sign_out\""];
    assert!(ways_out.iter().all(|way| page.contains(way)), "{page}");
    for path in allowed {
        let door = changing.clone().find(|door| door.path == path).unwrap();
        assert_eq!(knock(&site, door, Some((header::COOKIE, &admin.cookie))).await, Taken::In, "{path}");
    }
}

#[test]
fn a_rule_admits_by_permission_alone() {
    assert!(Access::Anyone.admits(None));
    assert!(!Access::SignedIn.admits(None) && Access::SignedIn.admits(Some(&[])));
    let client = Access::May(Permission::PostJobs);
    assert!(client.admits(Some(&[Role::Client])) && !client.admits(Some(&[Role::Superadmin])));
}
