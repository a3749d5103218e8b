use std::sync::LazyLock;

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{error::ErrorKind, page::page, root::BenchmarkPages};

const ROWS: u128 = 1_000;

/// The rows, as a query would give them: an identifier and a name each.
static DATA: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    // An odd multiplier of 128 bits spreads the numbers over all digits, each its own.
    let spread = |i: u128| i.wrapping_mul(0x2545_f491_4f6c_dd1d_9e37_79b9_7f4a_7c15);
    (0..ROWS).map(|i| (uuid_like(spread(i + 1)), format!("Person {:03} of {ROWS}", i + 1))).collect()
});

/// 32 hexadecimal digits, grouped as those of a UUID.
fn uuid_like(number: u128) -> String {
    let digits = format!("{number:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// A table of 1,000 rows, rendered anew for every request. It is served only where the
/// configuration asks for it, to measure how fast pages are rendered.
#[component]
pub fn TablePage() -> impl IntoView {
    let served = use_context::<BenchmarkPages>().is_some_and(|pages| pages.0);
    page(async move {
        if !served {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(view! {
            <Title text="A thousand rows" />
            <h1>"A thousand rows"</h1>
            <Table />
        })
    })
}

#[component]
fn Table() -> impl IntoView {
    let rows: Vec<_> = DATA
        .iter()
        .map(|(id, name)| view! { <tr><td>{id.as_str()}</td><td>{name.as_str()}</td></tr> })
        .collect();
    view! {
        <table>
            <thead><tr><th scope="col">"Identifier"</th><th scope="col">"Name"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_has_a_thousand_rows_that_differ() {
        let html = Owner::new().with(|| view! { <Table /> }.to_html());
        assert_eq!(html.matches("<tr><td>").count(), 1_000);
        assert_eq!(DATA.iter().map(|(id, _)| id).collect::<HashSet<_>>().len(), 1_000);
        assert!(DATA.iter().all(|(id, _)| id.len() == 36));
    }
}
