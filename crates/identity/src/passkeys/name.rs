//! What people call their passkeys.

use domain::validate::line;

/// Systems by what browsers call them. iPads and phones name a Mac and Linux too, so they come first.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
];

/// The name that was given, of at most 60 characters, or what it was made on.
pub fn name(given: &str, user_agent: &str) -> Result<String, String> {
    if !given.trim().is_empty() {
        return line(given, 1, 60);
    }
    let system = SYSTEMS.iter().find(|(mark, _)| user_agent.contains(mark));
    Ok(system.map_or_else(|| "Passkey".to_owned(), |(_, system)| format!("Passkey on {system}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15";

    #[test]
    fn a_passkey_is_called_as_its_owner_likes() {
        assert_eq!(name("  the blue\tkey ", IPHONE), Ok("the blue key".to_owned()));
        assert!(name(&"x".repeat(61), IPHONE).is_err());
        assert!(name("left\u{202e}right", IPHONE).is_err());
    }

    #[test]
    fn without_a_name_it_is_called_after_its_system() {
        assert_eq!(name(" ", IPHONE), Ok("Passkey on iPhone".to_owned()));
        let android = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36";
        assert_eq!(name("", android), Ok("Passkey on Android".to_owned()));
        assert_eq!(name("", "curl/8"), Ok("Passkey".to_owned()));
    }
}
