//! Every address as every role.

use std::collections::BTreeSet;

use app::access::{Access, DOORS, Door, document};
use domain::{permission::Permission, role::Role, scope::Scope};
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use reqwest::header;
use sqlx::PgPool;

use crate::{
    api::personal,
    site::{Site, Visitor, header_of},
};

/// The addresses that neither a page nor a server function answers.
const OTHERS: [(&str, &str); 15] = [
    ("POST", "/account/picture"),
    ("GET", "/avatars/{id}/{hash}"),
    ("GET", "/account/data/archive"),
    ("GET", "/sign-in/with/{provider}/callback"),
    ("POST", "/api/v1/auth/token"),
    ("POST", "/api/v1/auth/revoke"),
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/jobs"),
    ("GET", "/api/v1/matches"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/ws/feed"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/pkg/{file}"),
];

/// Everything the site answers at.
fn addresses() -> BTreeSet<(String, String)> {
    let pages =
        generate_route_list(app::App).into_iter().map(|page| ("GET".to_owned(), page.path().to_owned()));
    let functions = server_fn_paths().map(|(path, method)| (method.to_string(), path.to_owned()));
    let others = OTHERS.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned()));
    pages.chain(functions).chain(others).collect()
}

#[test]
fn every_address_has_its_rule_and_every_rule_its_address() {
    let ruled: BTreeSet<_> =
        DOORS.iter().map(|door| (door.method.to_owned(), door.path.to_owned())).collect();
    assert_eq!(DOORS.len(), ruled.len(), "one rule each");
    let answered = addresses();
    let without: Vec<_> = answered.difference(&ruled).collect();
    assert!(without.is_empty(), "no rule in app/src/access.rs for {without:?}");
    let stale: Vec<_> = ruled.difference(&answered).collect();
    assert!(stale.is_empty(), "rules for what is not there: {stale:?}");
}

/// What neither Leptos nor its server functions know of is listed here, and nothing is forgotten.
#[test]
fn every_route_of_the_server_is_listed() {
    let mut found = BTreeSet::new();
    let sources = crate::documents::sources("server/src");
    for text in &sources {
        // Pages are read from Leptos, and server functions from their registry.
        let known = ["listing.path()", "\"/api/{*function}\""];
        let routes = text.split(".route(").skip(1).map(str::trim_start);
        for route in routes.filter(|route| !known.iter().any(|known| route.starts_with(known))) {
            found.extend(methods_and_path(route));
        }
        // Nothing below these would be found.
        let others = [".route_service(", ".nest(", ".nest_service("];
        for place in others.iter().flat_map(|other| text.split(other).skip(1)) {
            assert!(place.starts_with("\"/pkg\""), "give it to .route(…): {place:.60}");
        }
    }
    let listed = OTHERS.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned()));
    let listed: BTreeSet<_> = listed.filter(|(_, path)| path != "/pkg/{file}").collect();
    assert_eq!(found, listed, "each has a line in OTHERS and a rule in app/src/access.rs");
}

/// The methods and the path of a route, from the text behind `.route(`.
fn methods_and_path(route: &str) -> Vec<(String, String)> {
    let path = route.strip_prefix('"').and_then(|rest| rest.split('"').next());
    // A path that is no literal could not be found here.
    let path = path.unwrap_or_else(|| panic!("a route without a literal: {route:.60}"));
    let mut depth = 1;
    let end = route.find(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0
    });
    let handlers = &route[..end.unwrap()];
    let is_called = |method: &&str| {
        handlers.match_indices(&format!("{method}(")).any(|(at, _)| {
            !handlers[..at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '_')
        })
    };
    let methods = ["get", "post", "put", "patch", "delete", "head", "options", "any", "on"];
    let called: Vec<_> = methods.iter().filter(|method| is_called(method)).collect();
    assert!(!called.is_empty(), "a route without a method: {route:.60}");
    called.into_iter().map(|method| (method.to_uppercase(), path.to_owned())).collect()
}

#[test]
fn a_further_method_of_a_route_is_found() {
    let of = |method: &str| (method.to_owned(), "/api/v1/jobs".to_owned());
    let one = "\"/api/v1/jobs\", get(resources::jobs))\n.route(\"/other\", delete(x))";
    assert_eq!(methods_and_path(one), [of("GET")]);
    let two = "\"/api/v1/jobs\", get(resources::jobs).delete(forget(all)).with_state(target()))";
    assert_eq!(methods_and_path(two), [of("GET"), of("DELETE")]);
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

/// Asks at a door. An address of something that is not there still tells who may ask for it.
async fn knock(site: &Site, door: &Door, cookie: Option<&str>) -> Taken {
    let path = address(door);
    let answer = if door.method == "GET" {
        let mut headers = vec![(header::ORIGIN, site.origin())];
        headers.extend(cookie.map(|cookie| (header::COOKIE, cookie.to_owned())));
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
        site.get_with(&path, &headers).await
    } else {
        let request = site.post(&path).header(header::ORIGIN, site.origin()).body(door.form);
        let request = match cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        };
        request.send().await.unwrap()
    };
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
            let taken = knock(&site, door, cookie.as_deref()).await;
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

/// Every door of programs, asked at with every scope in the name of every role; and all other doors,
/// at which a token opens nothing.
#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn every_door_admits_exactly_the_tokens_of_its_rule(pool: PgPool) {
    let site = Site::new(pool).await;
    let mut wrong = Vec::new();
    for (name, roles) in ROLES {
        let visitor = site.visitor(name, "client").await;
        hold(&site, &visitor, roles).await;
        for scopes in Scope::ALL.iter().map(std::slice::from_ref).chain([Scope::ALL]) {
            let bearer = format!("Bearer {}", personal(&site, &visitor, scopes).await);
            for door in DOORS.iter().filter(|door| door.method == "GET" && door.path != "/ws/feed") {
                let headers = [(header::AUTHORIZATION, bearer.as_str())];
                let answer = site.get_with(&address(door), &headers).await;
                let in_page = header_of(&answer, "location").starts_with("/sign-in?next=");
                let taken_in = !matches!(answer.status().as_u16(), 401 | 403) && !in_page;
                if taken_in != door.access.admits_token(scopes, roles) {
                    wrong.push(format!("{} as {name} with {scopes:?}: {}", door.path, answer.status()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_rule_admits_by_permission_alone() {
    assert!(Access::Anyone.admits(None));
    assert!(!Access::SignedIn.admits(None) && Access::SignedIn.admits(Some(&[])));
    let client = Access::May(Permission::PostJobs);
    assert!(client.admits(Some(&[Role::Client])) && !client.admits(Some(&[Role::Superadmin])));
}
