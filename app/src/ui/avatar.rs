use leptos::prelude::*;

/// The size of an avatar: 32, 40 or 64 px.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AvatarSize {
    Small,
    #[default]
    Medium,
    Large,
}

/// A person's picture, or else their initials on a quiet ground. Its colour depends on the letters of
/// the name and means nothing.
#[component]
pub fn Avatar(
    #[prop(into)] name: String,
    /// The address of a square picture.
    #[prop(optional_no_strip)]
    picture: Option<String>,
    #[prop(optional)] size: AvatarSize,
) -> impl IntoView {
    let size = match size {
        AvatarSize::Small => " avatar-s",
        AvatarSize::Medium => "",
        AvatarSize::Large => " avatar-l",
    };
    if let Some(picture) = picture {
        let class = ["avatar", size].concat();
        return view! { <img class=class src=picture alt="" width="256" height="256" decoding="async" /> }
            .into_any();
    }
    let class = ["avatar", COLOURS[colour(&name)], size].concat();
    view! {
        <span class=class aria-hidden="true">
            {initials(&name)}
        </span>
    }
    .into_any()
}

const COLOURS: [&str; 6] = [" avatar-0", " avatar-1", " avatar-2", " avatar-3", " avatar-4", " avatar-5"];

fn colour(name: &str) -> usize {
    let sum = name.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    sum as usize % COLOURS.len()
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_first_and_last() {
        assert_eq!(initials("Ana María de la Cruz"), "AC");
        assert_eq!(initials("łukasz"), "Ł");
        assert_eq!(initials("  "), "");
    }
}
