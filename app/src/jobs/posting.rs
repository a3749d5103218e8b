//! A job as search engines read it: schema.org `JobPosting` in JSON-LD.

use domain::{
    job::{BudgetKind, Job},
    place::WorkPlace,
};
use serde_json::{Value, json};

/// The content of a `<script type="application/ld+json">` for an open job.
pub(super) fn json_ld(job: &Job) -> String {
    for_script(&posting(job))
}

/// JSON in which nothing can end the script element around it: the characters that HTML or older
/// JavaScript would take for their own are written as escapes.
fn for_script(value: &Value) -> String {
    let json = value.to_string();
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

fn posting(job: &Job) -> Value {
    let content = &job.content;
    let budget = &content.budget;
    let skills: Vec<_> = content.required.iter().map(|skill| skill.label.as_str()).collect();
    let mut salary = json!({
        "@type": "QuantitativeValue",
        "minValue": budget.min.normalize().to_string(),
        "maxValue": budget.max.normalize().to_string(),
    });
    if budget.kind == BudgetKind::Hourly {
        salary["unitText"] = "HOUR".into();
    }
    let mut posting = json!({
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": content.title,
        "description": html(&content.description),
        "identifier": { "@type": "PropertyValue", "name": "8thDegree", "value": job.id },
        "datePosted": job.published_at.unwrap_or(job.created_at).to_rfc3339(),
        "employmentType": "CONTRACTOR",
        "hiringOrganization": { "@type": "Organization", "name": job.client_name },
        "skills": skills,
        "baseSalary": { "@type": "MonetaryAmount", "currency": budget.currency.as_str(), "value": salary },
    });
    match content.work_place {
        WorkPlace::Remote => {
            posting["jobLocationType"] = "TELECOMMUTE".into();
            let area = |name: &str| json!({ "@type": "AdministrativeArea", "name": name });
            let regions: Vec<_> = content.regions.iter().map(|region| area(region.label())).collect();
            if !regions.is_empty() {
                posting["applicantLocationRequirements"] = regions.into();
            }
        }
        WorkPlace::OnSite => {
            let address = json!({ "@type": "PostalAddress", "addressLocality": content.location });
            posting["jobLocation"] = json!({ "@type": "Place", "address": address });
        }
    }
    posting
}

/// The description as HTML, which is what the vocabulary asks for.
fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let paragraphs = escaped.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", paragraph.replace('\n', "<br>"))).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::jobs) fn job(title: &str, description: &str) -> Job {
        serde_json::from_value(json!({
            "id": "00000000-0000-7000-8000-000000000001",
            "client_id": "00000000-0000-7000-8000-000000000002",
            "client_name": "Harbour & Sons",
            "region": "EU",
            "status": "open",
            "version": 1,
            "content": {
                "title": title,
                "description": description,
                "required": [{ "key": "rust", "label": "Rust" }],
                "nice_to_have": [],
                "budget": { "kind": "hourly", "min": "40", "max": "60.50", "currency": "EUR" },
                "duration": "weeks",
                "weekly_hours": null,
                "experience": null,
                "work_place": "remote",
                "location": "",
                "regions": ["EU"],
                "utc_offset": null,
                "languages": ["en"],
            },
            "created_at": "2026-11-01T00:00:00Z",
            "updated_at": "2026-11-01T00:00:00Z",
            "published_at": "2026-11-02T08:30:00Z",
            "closed_at": null,
        }))
        .expect("a job")
    }

    #[test]
    fn a_hostile_title_stays_inside_the_script() {
        let hostile = "</script><script>alert(1)</script> & <!-- \u{2028}\u{2029}";
        let written = json_ld(&job(hostile, "A </script> too, & more of it."));
        for forbidden in ['<', '>', '&', '\u{2028}', '\u{2029}'] {
            assert!(!written.contains(forbidden), "{forbidden:?} in {written}");
        }
        let read: Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(read["title"], hostile);
        assert_eq!(read["description"], "<p>A &lt;/script&gt; too, &amp; more of it.</p>");
    }

    #[test]
    fn a_posting_says_what_the_vocabulary_asks_for() {
        let read = posting(&job("A title", "One.\n\nTwo\nlines."));
        assert_eq!(read["@type"], "JobPosting");
        assert_eq!(read["datePosted"], "2026-11-02T08:30:00+00:00");
        assert_eq!(read["description"], "<p>One.</p><p>Two<br>lines.</p>");
        assert_eq!(read["baseSalary"]["value"]["maxValue"], "60.5");
        assert_eq!(read["baseSalary"]["value"]["unitText"], "HOUR");
        assert_eq!(read["jobLocationType"], "TELECOMMUTE");
        assert_eq!(read["applicantLocationRequirements"][0]["name"], "Europe & Africa");
    }
}
