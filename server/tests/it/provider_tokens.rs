//! The tokens of other sites where people sign in: they go no further than to the server, which keeps
//! none.

use reqwest::Response;
use serde_json::json;
use sqlx::PgPool;

use crate::{
    external::{JOIN, Setting, WITH_ACME, WITH_GITHUB},
    site::header_of,
    visitor::Browser,
    walk::pages,
};

/// The tables in which the bytes stand in some row, as a text or as what they are.
async fn tables_with(pool: &PgPool, bytes: &[u8]) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables
         where schemaname not in ('pg_catalog', 'information_schema') order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() > 30, "{tables:?}");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut found = Vec::new();
    for table in tables {
        // A row as a text has its bytes in hexadecimal digits.
        let sql = format!(
            "select exists (select from {table} as t where position($1 in t::text) > 0 or position($2 in t::text) > 0)"
        );
        let is_there: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(String::from_utf8_lossy(bytes))
            .bind(&hex)
            .fetch_one(pool)
            .await
            .unwrap();
        found.extend(is_there.then_some(table));
    }
    found
}

/// All that an answer says.
async fn said(answer: Response) -> String {
    let headers = format!("{:?}", answer.headers());
    headers + &answer.text().await.unwrap()
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn the_tokens_of_a_provider_reach_neither_the_database_nor_the_browser(pool: PgPool) {
    let setting = Setting::new(pool).await;
    let (site, pool) = (&setting.site, setting.site.world.pool());
    let mut seen = String::new();
    for with in [WITH_GITHUB, WITH_ACME] {
        // Once to join, and once to come back.
        for _ in 0..2 {
            let mut browser = Browser::default();
            let url = browser.leave(site, "/api/continue_with", with).await;
            let back = browser.agree(site, &url).await;
            let answer = browser.get(site, &back).await;
            if header_of(&answer, "location") == "/sign-up/finish" {
                seen += &said(browser.get(site, "/sign-up/finish").await).await;
                let done = browser.submit(site, "/sign-up/finish", "/api/finish_sign_up", JOIN).await;
                seen += &said(done).await;
            }
            seen += &said(answer).await;
            let cookies = browser.cookies(&site.host);
            assert!(cookies.contains("eighth_session"), "{cookies}");
            seen += &cookies;
            for page in pages(site, Some(&cookies), |_| None).await {
                seen += &page.html;
            }
        }
    }
    let mut tokens = Vec::new();
    for provider in [&setting.github, &setting.acme] {
        let issued = provider.control("issued", json!({})).await;
        tokens.extend(issued.as_array().unwrap().iter().map(|token| token.as_str().unwrap().to_owned()));
    }
    assert_eq!(tokens.len(), 6, "two of GitHub, and two of each kind of the OpenID provider: {tokens:?}");
    for token in &tokens {
        assert!(!seen.contains(token.as_str()), "{token} was sent to the browser");
        assert_eq!(tables_with(pool, token.as_bytes()).await, Vec::<String>::new(), "{token} is stored");
    }
    assert!(seen.contains("octocat@example.com"), "their owner sees what was taken over");
    let address = tables_with(pool, b"octocat@example.com").await;
    assert!(address.contains(&"auth.users".to_owned()), "the search finds texts: {address:?}");
    let hash: Vec<u8> =
        sqlx::query_scalar("select token_hash from auth.sessions limit 1").fetch_one(pool).await.unwrap();
    assert_eq!(tables_with(pool, &hash).await, ["auth.sessions"], "and bytes");
}
