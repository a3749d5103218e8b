use domain::{
    FieldErrors,
    browse::{BrowseForm, Cursor, JobListing, Page},
};
use leptos::prelude::*;
use leptos_meta::Title;
use services::engine::cards::job_place;

use super::filters::filters;
use crate::{
    head,
    page::{page, query_form},
    ssr,
    ui::*,
};

/// `/jobs`: the open jobs, filtered and sorted by what stands in the address.
#[component]
pub fn BrowsePage() -> impl IntoView {
    let services = ssr::services();
    let form: BrowseForm = query_form();
    page(async move {
        let (found, errors) = match form.jobs() {
            Ok(filter) => (Some(services::jobs::browse(&services, &filter).await?), FieldErrors::default()),
            Err(errors) => {
                ssr::set_status(400);
                (None, errors)
            }
        };
        let active = active(&form);
        let now_ms = services.now().timestamp_millis();
        let list = match found {
            Some(found) => list(&form, found, active > 0, now_ms),
            None => refused(&errors),
        };
        head::describe(
            "Open freelance jobs, remote and on site: filter by skill, budget, region, language and experience.",
        );
        head::canonical("/jobs");
        Ok(view! {
            <Title text="Jobs" />
            <PageHeader title="Jobs" lede="What clients are looking for right now." />
            <div class="with-aside with-aside-first">
                <FilterBar action="/jobs" active open=!errors.is_empty()>
                    {filters(form, errors)}
                </FilterBar>
                {list}
            </div>
        })
    })
}

fn list(form: &BrowseForm, found: Page<JobListing>, filtered: bool, now_ms: i64) -> AnyView {
    if found.rows.is_empty() {
        let empty = if form.after.is_empty() && filtered {
            view! {
                <EmptyState
                    title="No job matches these filters"
                    text="Try fewer filters or other words. New jobs come in all the time."
                    action=Some(("Clear filters".to_owned(), "/jobs".to_owned()))
                />
            }
        } else if form.after.is_empty() {
            view! {
                <EmptyState
                    title="No open jobs at the moment"
                    text="The first one could be yours."
                    action=Some(("Post a job".to_owned(), "/jobs/new".to_owned()))
                />
            }
        } else {
            view! {
                <EmptyState
                    title="That was all"
                    text="There are no further jobs on this page any more."
                    action=Some(("First page".to_owned(), address(form, None)))
                />
            }
        };
        return empty.into_any();
    }
    let count = found.rows.len();
    let shown = if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") };
    let first = (!form.after.is_empty()).then(|| address(form, None));
    let next = found.next.map(|next| address(form, Some(next)));
    let rows: Vec<_> = found.rows.into_iter().map(|job| view! { <JobRow job=row(job, now_ms) /> }).collect();
    view! {
        <div>
            <Rows>{rows}</Rows>
            <Pager first next shown />
        </div>
    }
    .into_any()
}

/// What stands in place of the list while a filter is wrong.
fn refused(errors: &FieldErrors) -> AnyView {
    let marker = errors.get("after").map(str::to_owned);
    let text = marker.unwrap_or_else(|| "Please look at the marked filters.".to_owned());
    view! {
        <div class="grid gap-4 content-start">
            <Notice kind=NoticeKind::Error title="This list cannot be shown">
                <p>{text}</p>
            </Notice>
            <p>
                <a href="/jobs">"Show all jobs"</a>
            </p>
        </div>
    }
    .into_any()
}

fn row(job: JobListing, now_ms: i64) -> JobRowData {
    let mut meta = Vec::with_capacity(5);
    meta.push(["by ", &job.client_name].concat());
    meta.push(job_place(job.work_place, &job.location, &job.regions));
    meta.push(job.duration.label().to_owned());
    meta.extend(job.experience.map(|level| [level.label(), " level"].concat()));
    meta.push(ago(job.published_at.timestamp_millis(), now_ms));
    JobRowData {
        href: format!("/jobs/{}", job.id),
        title: job.title,
        budget: job.budget.label(),
        meta,
        excerpt: job.excerpt,
        skills: job.required.into_iter().map(|skill| skill.label).collect(),
        score: None,
    }
}

/// How many filters are set; the order is none.
fn active(form: &BrowseForm) -> usize {
    set(form).into_iter().filter(|(name, value)| *name != "sort" && !value.trim().is_empty()).count()
}

fn set(form: &BrowseForm) -> [(&'static str, &str); 9] {
    [
        ("q", &form.q),
        ("skill", &form.skill),
        ("kind", &form.kind),
        ("min", &form.min),
        ("region", &form.region),
        ("place", &form.place),
        ("language", &form.language),
        ("experience", &form.experience),
        ("sort", &form.sort),
    ]
}

/// The address of this list from a row on; only what is set stands in it.
fn address(form: &BrowseForm, after: Option<Cursor>) -> String {
    let mut address = String::from("/jobs");
    let mut put = |name: &str, value: &str| {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&crate::page::encode(value));
    };
    for (name, value) in set(form) {
        if !value.trim().is_empty() {
            put(name, value);
        }
    }
    if let Some(after) = after {
        put("after", &after.to_string());
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_what_is_set_and_nothing_else() {
        let form = BrowseForm {
            q: "a&b é".to_owned(),
            sort: "budget".to_owned(),
            after: "1~00000000000000000000000000000000".to_owned(),
            ..BrowseForm::default()
        };
        assert_eq!(address(&form, None), "/jobs?q=a%26b%20%C3%A9&sort=budget");
        let next = form.after.parse().expect("a cursor");
        assert_eq!(
            address(&BrowseForm::default(), Some(next)),
            "/jobs?after=1~00000000000000000000000000000000"
        );
        assert_eq!(active(&form), 1);
    }
}
