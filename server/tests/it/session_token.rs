//! The token of a session: in a cookie that no script can read, and in nothing else that is sent.

use app::access::{DOORS, Door};
use domain::JobId;
use reqwest::{Response, header};
use services::{jobs, jobs::Intent, profiles};
use sqlx::PgPool;
use test_support::{PASSWORD, database_engineer, database_job};

use crate::{
    site::{Site, Visitor, header_of},
    walk::NOTHING,
};

/// The tokens that a browser has had, the present one last.
struct Tokens(Vec<String>);

impl Tokens {
    fn cookie(&self) -> String {
        format!("eighth_session={}", self.0.last().unwrap())
    }

    /// Learns the token that an answer sets; it must have it there and nowhere else.
    async fn look_into(&mut self, what: &str, answer: Response) {
        let mut said = String::new();
        for (name, value) in answer.headers() {
            let value = value.to_str().unwrap();
            if name == header::SET_COOKIE {
                assert!(value.contains("; HttpOnly"), "{what}: {value}");
                let token = value.strip_prefix("eighth_session=").and_then(|rest| rest.split(';').next());
                self.0.extend(token.filter(|token| !token.is_empty()).map(str::to_owned));
            } else {
                said += value;
            }
        }
        said += &String::from_utf8_lossy(&answer.bytes().await.unwrap());
        for token in &self.0 {
            assert!(!said.contains(token), "{what} has the token in it: {said}");
        }
    }
}

/// Somebody who may come in everywhere.
async fn insider(site: &Site) -> Visitor {
    let mut ada = site.visitor("Ada", "both").await;
    for sql in [
        "insert into auth.user_roles values ($1, 'superadmin')",
        "update auth.sessions set second_factor = 'totp' where user_id = $1",
    ] {
        sqlx::query(sql).bind(ada.who.user_id.uuid()).execute(site.world.pool()).await.unwrap();
    }
    ada.who = site.world.anew(&ada.who).await;
    ada
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn nothing_but_its_cookie_has_the_token_of_a_session_in_it(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = insider(&site).await;
    let (s, job) = (&site.world.services, JobId::new());
    profiles::save(s, &ada.who, None, &database_engineer()).await.unwrap();
    jobs::create(s, &ada.who, job, &database_job(), Intent::Publish).await.unwrap();
    site.world.settle().await;
    let mut tokens = Tokens(vec![ada.cookie.split_once('=').unwrap().1.to_owned()]);
    let me = ada.who.user_id.to_string();
    let address = |door: &Door| {
        let path =
            door.path.replace("/jobs/{id}", &format!("/jobs/{job}")).replace("{job}", &job.to_string());
        let path = path.replace("{freelancer}", &me);
        let path = path.replace("/freelancers/{id}", &format!("/freelancers/{me}"));
        let path = path.replace("/people/{id}", &format!("/people/{me}"));
        let parts = path.split('/').map(|part| if part.starts_with('{') { NOTHING } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut shown = 0;
    for door in DOORS.iter().filter(|door| door.method == "GET") {
        let path = address(door);
        let answer = site.get_with(&path, &[(header::COOKIE, &tokens.cookie())]).await;
        shown += usize::from(answer.status() == 200);
        tokens.look_into(&path, answer).await;
    }
    assert!(shown >= 35, "only {shown} pages were shown");
    // What programs get of the same, which is JSON.
    let (last, functions): (Vec<&Door>, Vec<&Door>) =
        DOORS.iter().filter(|door| door.method == "POST").partition(|door| door.path == "/api/sign_out");
    for door in functions.into_iter().chain(last) {
        if door.path == "/api/sign_out" {
            let account = site.get_with("/account", &[(header::COOKIE, &tokens.cookie())]).await;
            assert_eq!(account.status(), 200, "signed in to the end");
        }
        let request = site.post(&address(door)).header(header::ORIGIN, site.origin()).body(door.form);
        let answer = request.header(header::COOKIE, tokens.cookie()).send().await.unwrap();
        tokens.look_into(door.path, answer).await;
    }
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn whoever_signs_in_gets_the_token_in_a_cookie_alone(pool: PgPool) {
    let site = Site::new(pool).await;
    site.visitor("Ada", "client").await;
    let fields = [("form[email]", "ada@example.com"), ("form[password]", PASSWORD)];
    let form = serde_urlencoded::to_string(fields).unwrap();
    let (mut tokens, own) = (Tokens(Vec::new()), site.origin());
    for accept in ["text/html", "application/json"] {
        let request = site.post("/api/sign_in").header(header::ORIGIN, &own).header(header::ACCEPT, accept);
        let answer = request.body(form.clone()).send().await.unwrap();
        assert!(header_of(&answer, "set-cookie").contains("eighth_session="), "{accept}: {answer:?}");
        tokens.look_into(accept, answer).await;
    }
    assert_eq!(tokens.0.len(), 2);
}
