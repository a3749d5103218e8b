//! One's own data and picture, as browsers send for them.

use chrono::TimeDelta;
use reqwest::{Response, StatusCode, header};
use sqlx::PgPool;

use crate::site::{Site, Visitor, eventually, header_of};

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn an_archive_is_a_file_for_its_owner_named_by_the_server(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let bo = site.visitor("Bo", "client").await;
    let page = async |who: &Visitor| {
        let page = site.get_with("/account/data", &[(header::COOKIE, who.cookie.as_str())]).await;
        page.text().await.unwrap()
    };
    let archive = async |who: &Visitor| {
        site.get_with("/account/data/archive", &[(header::COOKIE, who.cookie.as_str())]).await
    };
    assert_eq!(archive(&ada).await.status(), StatusCode::NOT_FOUND);
    let asked = site
        .post("/api/request_export")
        .header(header::ORIGIN, site.origin())
        .header(header::COOKIE, &ada.cookie)
        .header(header::ACCEPT, "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(header_of(&asked, "location"), "/account/data?asked=1");
    eventually("the archive is there", || async { archive(&ada).await.status() == StatusCode::OK }).await;
    // With `download` on the link, a browser would save the page for confirming, too.
    let offers = page(&ada).await;
    assert!(
        offers.contains("href=\"/account/data/archive\"")
            && ![" download>", " download="].iter().any(|word| offers.contains(word)),
        "{offers}"
    );
    let given = archive(&ada).await;
    assert_eq!(header_of(&given, "content-type"), "application/zip");
    let named = header_of(&given, "content-disposition");
    assert_eq!(named, "attachment; filename=\"8thdegree-data-2026-11-20.zip\"");
    assert_eq!(header_of(&given, "cache-control"), "no-store");
    assert!(given.bytes().await.unwrap().starts_with(b"PK"));
    assert_eq!(archive(&bo).await.status(), StatusCode::NOT_FOUND, "another's is not to be had");
    let nobody = site.get("/account/data/archive").await;
    assert_eq!(header_of(&nobody, "location"), "/sign-in?next=%2Faccount%2Fdata%2Farchive");

    site.world.advance(TimeDelta::minutes(11));
    let stale = archive(&ada).await;
    assert_eq!(header_of(&stale, "location"), "/confirm?next=%2Faccount%2Fdata");
    let asks = page(&ada).await;
    assert!(
        asks.contains("href=\"/confirm?next=%2Faccount%2Fdata\""),
        "who must confirm is led there: {asks}"
    );
    assert!(!asks.contains("/account/data/archive"), "{asks}");
}

/// A form with a file, as browsers without JavaScript send it.
async fn send_file(site: &Site, who: Option<&Visitor>, file: &[u8]) -> Response {
    let head = "--line\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"../../me.html\"\r\n\
                Content-Type: text/html\r\n\r\n";
    let body = [head.as_bytes(), file, b"\r\n--line--\r\n"].concat();
    let request = site
        .post_of("/account/picture", "multipart/form-data; boundary=line")
        .header(header::ORIGIN, site.origin())
        .header(header::ACCEPT, "text/html")
        .body(body);
    let request = match who {
        Some(who) => request.header(header::COOKIE, &who.cookie),
        None => request,
    };
    request.send().await.unwrap()
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    let pixels = vec![90; (side * side) as usize];
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

/// Where a page shows a picture.
fn shown_at(page: &str) -> Option<&str> {
    page.split("src=\"").find_map(|rest| rest.starts_with("/avatars/").then(|| rest.split('"').next()))?
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_picture_is_shown_as_a_picture_and_nothing_else(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    let sent =
        send_file(&site, Some(&ada), &[png(100), b"<script>alert(1)</script>".to_vec()].concat()).await;
    assert_eq!(header_of(&sent, "location"), "/account?saved=1");
    let page =
        site.get_with("/account", &[(header::COOKIE, ada.cookie.as_str())]).await.text().await.unwrap();
    let path = shown_at(&page).expect("the page shows it").to_owned();
    let picture = site.get(&path).await;
    assert_eq!(header_of(&picture, "content-type"), "image/jpeg");
    assert_eq!(header_of(&picture, "x-content-type-options"), "nosniff");
    assert_eq!(header_of(&picture, "cache-control"), "public, max-age=31536000, immutable");
    assert!(header_of(&picture, "content-security-policy").contains("sandbox"));
    let bytes = picture.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\xff\xd8\xff") && !bytes.windows(7).any(|part| part == b"<script"));
    for wrong in [path.replace("/avatars/0", "/avatars/1"), format!("{path}0"), "/avatars/x/y".to_owned()] {
        assert_eq!(site.get(&wrong).await.status(), StatusCode::NOT_FOUND, "{wrong}");
    }

    let removed = site
        .post("/api/remove_picture")
        .header(header::ORIGIN, site.origin())
        .header(header::COOKIE, &ada.cookie)
        .header(header::ACCEPT, "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(removed.status(), StatusCode::SEE_OTHER);
    assert_eq!(site.get(&path).await.status(), StatusCode::NOT_FOUND);
    let page =
        site.get_with("/account", &[(header::COOKIE, ada.cookie.as_str())]).await.text().await.unwrap();
    assert_eq!(shown_at(&page), None);
}

#[sqlx::test(migrator = "storage::MIGRATOR")]
async fn a_file_that_is_no_picture_comes_back_with_a_word_at_its_field(pool: PgPool) {
    let site = Site::new(pool).await;
    let ada = site.visitor("Ada", "client").await;
    for (file, status, word) in [
        (b"<svg onload=alert(1)>".to_vec(), 422, "We cannot read this file"),
        (Vec::new(), 422, "Please choose a picture"),
        (png(20), 422, "at least 64 by 64"),
        (vec![0; 5 * 1024 * 1024 + 64 * 1024], 413, "at most 5 MB"),
    ] {
        let answer = send_file(&site, Some(&ada), &file).await;
        assert_eq!(answer.status().as_u16(), status, "{word}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(word) && page.contains("f-picture-error"), "{word}: {page}");
        assert_eq!(shown_at(&page), None);
    }
    let nobody = send_file(&site, None, &png(100)).await;
    assert_eq!(header_of(&nobody, "location"), "/sign-in?next=%2Faccount");
}
