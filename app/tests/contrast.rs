//! Every pair of colours listed in `style/tokens.css` has the contrast that the list claims, and
//! enough of it (WCAG 2.2, 1.4.3 and 1.4.11), in both themes.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

const TOKENS: &str = include_str!("../../style/tokens.css");

/// Relative luminance of `#rrggbb` as WCAG 2.2 defines it.
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn ratio(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The colours by name, light and dark.
fn colours() -> HashMap<&'static str, [&'static str; 2]> {
    TOKENS
        .lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--color-")?.split_once(": light-dark(")?;
            let (light, dark) = value.trim_end_matches([')', ';']).split_once(", ")?;
            Some((name, [light, dark]))
        })
        .collect()
}

#[test]
fn listed_pairs_have_the_contrast_they_claim_and_enough_of_it() {
    let colours = colours();
    let mut pairs = 0;
    for line in TOKENS.lines().filter(|line| line.starts_with(" *   ") && line.contains(" on ")) {
        let words: Vec<_> = line.split_whitespace().collect();
        let [_, front, "on", back, light, dark] = words.as_slice() else { panic!("{line}") };
        // Text asks for 4.5; the score's arc and the edges of controls are graphics.
        let least = if matches!(*front, "fit" | "edge") { 3.0 } else { 4.5 };
        for (theme, claimed) in [light, dark].into_iter().enumerate() {
            let ratio = ratio(colours[front][theme], colours[back][theme]);
            assert!(ratio >= least, "{front} on {back}: {ratio:.2}");
            assert_eq!(format!("{ratio:.1}"), **claimed, "{front} on {back}");
        }
        pairs += 1;
    }
    assert!(pairs >= 30, "the list is read: {pairs}");
}
