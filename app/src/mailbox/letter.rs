//! A letter's plain text as a page shows it: paragraphs, and links where a line is an address.

/// A piece of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Link(String),
}

/// The paragraphs of a letter. A line that is nothing but an address becomes a link, and whatever is
/// in it stays text: a letter repeats what strangers wrote.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs
        .map(|paragraph| {
            let is_address = (paragraph.starts_with("https://") || paragraph.starts_with("http://"))
                && paragraph.bytes().all(|byte| byte.is_ascii_graphic());
            if is_address { Piece::Link(paragraph.to_owned()) } else { Piece::Text(paragraph.to_owned()) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_that_is_an_address_is_a_link() {
        let text = "Please confirm:\n\nhttp://localhost:3000/reset?token=a_b-c\n\njavascript:alert(1)\n\nSee https://a.example\n";
        assert_eq!(
            pieces(text),
            [
                Piece::Text("Please confirm:".into()),
                Piece::Link("http://localhost:3000/reset?token=a_b-c".into()),
                Piece::Text("javascript:alert(1)".into()),
                Piece::Text("See https://a.example".into()),
            ]
        );
    }
}
