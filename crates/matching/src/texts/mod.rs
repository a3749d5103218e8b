//! The texts that get embedded: what the work is about, and nothing of who does it.

mod mask;

use domain::{job::JobContent, profile::ProfileContent};

use mask::Mask;

/// Where a text is cut, in characters. Sentence models read some 256 tokens, about this much; the
/// title and the skills come first, so that a long text loses its end only.
const MAX_CHARS: usize = 1600;

/// The text of a job: title, skills and description, without addresses, telephone numbers, titles
/// and pronouns.
pub fn job_text(content: &JobContent) -> String {
    let mask = Mask::new("");
    let skills = content.required.iter().chain(&content.nice_to_have);
    let skills: Vec<_> = skills.map(|skill| skill.label.as_str()).collect();
    join(&mask.apply(&content.title), &skills, &mask.apply(&content.description))
}

/// The text of a profile: title, skills and summary, without names, pronouns, titles such as "Mrs",
/// addresses and telephone numbers. `display_name` is only used to strike it out.
pub fn profile_text(content: &ProfileContent, display_name: &str) -> String {
    let mask = Mask::new(display_name);
    let skills: Vec<_> = content.skills.iter().map(|practised| practised.skill.label.as_str()).collect();
    join(&mask.apply(&content.title), &skills, &mask.apply(&content.summary))
}

fn join(title: &str, skills: &[&str], body: &str) -> String {
    let skills = if skills.is_empty() { String::new() } else { format!("Skills: {}.", skills.join(", ")) };
    let end = if title.ends_with(['.', '!', '?']) || title.is_empty() { "" } else { "." };
    let title = format!("{title}{end}");
    let parts: Vec<_> = [title.as_str(), &skills, body].into_iter().filter(|part| !part.is_empty()).collect();
    cut(parts.join(" "))
}

/// Shortens a text to its limit, at the end of a word where there is one near.
fn cut(mut text: String) -> String {
    let Some((limit, _)) = text.char_indices().nth(MAX_CHARS) else { return text };
    text.truncate(limit);
    if let Some(space) = text.rfind(' ').filter(|&space| space > limit / 2) {
        text.truncate(space);
    }
    text
}
