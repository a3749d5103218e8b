//! Strikes out of a text what tells who wrote it or how to reach them.

use std::iter::Peekable;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words that tell a person's gender or style them, all struck out, so that changing one for
/// another changes nothing. Those of any gender are among them for the same reason.
const TELLING: &[&str] = &[
    "he",
    "him",
    "his",
    "himself",
    "she",
    "her",
    "hers",
    "herself",
    "they",
    "them",
    "their",
    "theirs",
    "themself",
    "themselves",
    "xe",
    "xem",
    "xyr",
    "ze",
    "zir",
    "hir",
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "mister",
    "sir",
    "madam",
    "madame",
    "dr",
    "prof",
    "senor",
    "senora",
    "herr",
    "frau",
    "monsieur",
    "man",
    "men",
    "woman",
    "women",
    "male",
    "female",
    "guy",
    "gal",
    "lady",
    "gentleman",
    "boy",
    "girl",
    "father",
    "mother",
    "dad",
    "mum",
    "mom",
    "husband",
    "wife",
    "son",
    "daughter",
    "brother",
    "sister",
    "nonbinary",
    "non-binary",
    "transgender",
    "cisgender",
];

/// What introduces a person's own name, whose capital may then be missing.
const INTRODUCTIONS: &[&[&str]] =
    &[&["i'm"], &["im"], &["i", "am"], &["name", "is"], &["name's"], &["call", "me"], &["this", "is"]];

/// Endings of addresses that are also written without a scheme. Those that are names of
/// technologies as well (ASP.NET, socket.io) only count with a path behind them.
const DOMAINS: &[&str] =
    &["com", "org", "me", "info", "biz", "eu", "uk", "de", "fr", "es", "in", "br", "dev"];
const AMBIGUOUS_DOMAINS: &[&str] = &["net", "io", "co", "ai", "app", "so", "ly"];

/// Digits in a row from which on a number is taken for a telephone's.
const TELEPHONE_DIGITS: usize = 7;

/// Knows the words to strike out for one person.
pub(super) struct Mask {
    /// The words of the name, folded, with whether the person writes them in capitals.
    names: Vec<(String, bool)>,
    /// Names in scripts that know neither capitals nor spaces, as they are written.
    unspaced: Vec<String>,
}

impl Mask {
    pub(super) fn new(display_name: &str) -> Self {
        let mut names = Vec::new();
        let mut unspaced = Vec::new();
        for word in display_name.split_whitespace() {
            let pieces = word.split(|c: char| !c.is_alphanumeric() && !is_apostrophe(c));
            for part in std::iter::once(word).chain(pieces) {
                let part = core(part);
                // A single letter is an initial; struck out everywhere it would take "C" along.
                if part.chars().nth(1).is_none() {
                    continue;
                }
                if part.chars().all(|c| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase()) {
                    unspaced.push(part.to_owned());
                }
                names.push((fold(part), !part.starts_with(char::is_lowercase)));
            }
        }
        Self { names, unspaced }
    }

    /// The text without what tells who the person is, its white space folded to single spaces.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for name in &self.unspaced {
            text = text.replace(name.as_str(), " ");
        }
        let mut kept: Vec<&str> = Vec::new();
        // What came before, struck out or not: a name may follow "I am" over another name.
        let mut before = [String::new(), String::new()];
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            if telephone(word, &mut words) {
                continue;
            }
            let folded = fold(core(word));
            let introduced = INTRODUCTIONS.iter().any(|intro| match intro {
                [only] => before[1] == *only,
                [first, second] => before[0] == *first && before[1] == *second,
                _ => false,
            });
            let struck = is_address(word) || self.tells(word, introduced);
            if !struck {
                kept.push(word);
                before.swap(0, 1);
                before[1] = folded;
            }
        }
        kept.join(" ")
    }

    /// Whether a word is a name, a pronoun or a style, or several of them ("she/her").
    fn tells(&self, word: &str, introduced: bool) -> bool {
        let whole = core(word);
        if whole.is_empty() {
            return false;
        }
        if self.is_name(whole, introduced) {
            return true;
        }
        let mut parts = whole.split(['/', '-', '–', '—', '.', ',', '&']).filter(|part| !part.is_empty());
        TELLING.contains(&fold(whole).as_str())
            || parts.all(|part| {
                let part = core(part);
                TELLING.contains(&fold(stem(part)).as_str()) || self.is_name(part, introduced)
            })
    }

    fn is_name(&self, part: &str, introduced: bool) -> bool {
        let lower = part.starts_with(char::is_lowercase);
        [part, stem(part)].iter().any(|part| {
            let folded = fold(core(part));
            // "Will" may be a name; "will" is a word, unless it comes where a name does.
            self.names.iter().any(|(name, capital)| *name == folded && (!lower || !capital || introduced))
        })
    }
}

/// A word without the punctuation round it.
fn core(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// A word without what an apostrophe appends: "Maria's", "she'll".
fn stem(word: &str) -> &str {
    match word.rfind(is_apostrophe) {
        Some(at) if word[at..].chars().count() <= 3 => &word[..at],
        _ => word,
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ')
}

/// Lower case without accents and with one kind of apostrophe: "José" and "JOSE" are one name.
fn fold(word: &str) -> String {
    let plain = word.nfkd().filter(|&c| !is_combining_mark(c));
    plain.map(|c| if is_apostrophe(c) { '\'' } else { c }).flat_map(char::to_lowercase).collect()
}

/// E-mail and web addresses, and handles such as "@maria".
fn is_address(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '@' && c != '/');
    let lower = word.to_lowercase();
    if lower.contains("://") || lower.starts_with("www.") || lower.contains('@') {
        return true;
    }
    let (host, path) = match lower.split_once('/') {
        Some((host, path)) => (host, Some(path)),
        None => (lower.as_str(), None),
    };
    let Some((name, ending)) = host.rsplit_once('.') else { return false };
    let has_name = name.chars().any(char::is_alphanumeric);
    has_name && (DOMAINS.contains(&ending) || (path.is_some() && AMBIGUOUS_DOMAINS.contains(&ending)))
}

/// Whether a telephone number begins with `word`; its further groups are then taken from `rest`.
fn telephone<'a>(word: &'a str, rest: &mut Peekable<std::str::SplitWhitespace<'a>>) -> bool {
    let Some(first) = phone_digits(word).filter(|&digits| digits > 0) else { return false };
    let mut digits = first;
    let mut ahead = rest.clone();
    let mut groups = 0;
    while let Some(more) = ahead.next().and_then(phone_digits) {
        digits += more;
        groups += 1;
    }
    if digits < TELEPHONE_DIGITS {
        return false;
    }
    for _ in 0..groups {
        rest.next();
    }
    true
}

/// The number of digits in a word that has nothing else but what is written between them.
fn phone_digits(word: &str) -> Option<usize> {
    let word = word.trim_end_matches([',', ';', ':', '!', '?']);
    let fine = |c: char| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '–' | '.' | '/');
    let digits = word.chars().filter(char::is_ascii_digit).count();
    (!word.is_empty() && word.chars().all(fine)).then_some(digits)
}
