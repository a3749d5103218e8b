//! What a page makes a browser fetch.

/// The addresses that the page loads by itself: style sheets, scripts, preloads, and the
/// WebAssembly that its inline scripts name.
pub(crate) fn resources(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in tags(html) {
        let rel = attribute(tag, "rel").unwrap_or_default();
        let loads = ["stylesheet", "preload", "modulepreload"].iter().any(|kind| rel.contains(kind));
        let address = if tag.starts_with("link") && loads {
            attribute(tag, "href")
        } else if tag.starts_with("script") {
            attribute(tag, "src")
        } else {
            None
        };
        found.extend(address.map(str::to_owned));
    }
    found.extend(quoted(html).filter(|text| is_code(text)).map(str::to_owned));
    unique(found)
}

/// The addresses of the modules that a script imports, resolved against its own.
pub(crate) fn imports(script: &str, address: &str) -> Vec<String> {
    let folder = address.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for (at, quote) in script.match_indices(['"', '\'']) {
        let before = script[..at].trim_end();
        // Keys of objects look like modules too, but nothing fetches them.
        if !["from", "import", "import("].iter().any(|word| before.ends_with(word)) {
            continue;
        }
        let path = script[at + 1..].split(quote).next().unwrap_or_default();
        found.extend(path.strip_prefix("./").map(|rest| format!("{folder}/{rest}")));
    }
    unique(found)
}

fn is_code(text: &str) -> bool {
    text.starts_with("/pkg/") && (text.ends_with(".js") || text.ends_with(".wasm"))
}

fn unique(mut addresses: Vec<String>) -> Vec<String> {
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// The insides of all start tags.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}="))? + name.len() + 2;
    let value = &tag[start..];
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split_whitespace().next(),
    }
}

/// Every text between quotation marks that looks like a path.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    ['"', '\'', '`'].into_iter().flat_map(|quote| text.split(quote)).filter(|part| {
        (part.starts_with('/') || part.starts_with("./"))
            && part.len() < 200
            && !part.contains(|c: char| c.is_whitespace() || c == '<')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_loads_is_found() {
        let html = r#"<link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/pkg/a.css">
            <link rel=modulepreload href=/pkg/a.js crossorigin><a href="/jobs">x</a>
            <script type="module">import("/pkg/a.js").then(m => m.default({module_or_path: "/pkg/a.wasm"}))</script>"#;
        assert_eq!(resources(html), ["/pkg/a.css", "/pkg/a.js", "/pkg/a.wasm"]);
        assert_eq!(resources("<p>/pkg/a.js</p>"), [""; 0]);
    }

    #[test]
    fn imports_are_resolved_against_the_script() {
        let script = "import { x } from './snippets/x/inline0.js'; const all = { './a_bg.js': x }";
        assert_eq!(imports(script, "/pkg/a.js"), ["/pkg/snippets/x/inline0.js"]);
    }
}
