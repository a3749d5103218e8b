//! What gets embedded says what a person can do, and not who they are.

use domain::{profile::Profile, receipt::Receipt};
use matching::{CandidateSpec, JobSpec, assess, job_text, profile_text};
use proptest::prelude::*;

use crate::common::{Setting, made_for_each_other};

/// A person as they appear in a text.
#[derive(Clone, Debug)]
struct Person {
    first: String,
    last: String,
    title: &'static str,
    subject: &'static str,
    object: &'static str,
    possessive: &'static str,
}

impl Person {
    fn new(first: &str, last: &str, [title, subject, object, possessive]: [&'static str; 4]) -> Self {
        Self { first: first.to_owned(), last: last.to_owned(), title, subject, object, possessive }
    }

    fn profile(&self) -> Profile {
        let Self { first, last, title, subject, object, possessive } = self;
        let (_, mut profile) = made_for_each_other();
        profile.display_name = format!("{first} {last}");
        profile.content.title = format!("{first} {last} – database engineer ({subject}/{object})");
        profile.content.summary = format!(
            "Hi, I'm {first}, and I make PostgreSQL quick. {title} {last} moved a bank to new servers; \
             clients say {subject} kept {possessive} word and that they'd hire {object} again.\n\n\
             {first}'s work: https://{first}-{last}.com, {first}.{last}@example.com, +49 (171) 234 5678."
        );
        profile
    }

    fn text(&self) -> String {
        let profile = self.profile();
        profile_text(&profile.content, &profile.display_name)
    }

    fn receipt(&self) -> Receipt {
        let (job, _) = made_for_each_other();
        let setting = Setting::new();
        let job_spec = JobSpec::new(&job, Some(&bag_of_words(&job_text(&job.content))));
        let candidate = CandidateSpec::new(&self.profile(), Some(&bag_of_words(&self.text())));
        assess(&job_spec, &candidate, &setting.context()).unwrap()
    }
}

const SHE: [&str; 4] = ["Ms", "she", "her", "her"];
const HE: [&str; 4] = ["Mr.", "he", "him", "his"];
const THEY: [&str; 4] = ["Mx", "they", "them", "their"];

/// A vector in which every word of the text counts, so that any difference shows in the score.
fn bag_of_words(text: &str) -> Vec<f32> {
    let mut counts = vec![0.0; 256];
    for word in text.split_whitespace() {
        let hash = word.bytes().fold(5381_usize, |hash, byte| hash.wrapping_mul(33) ^ usize::from(byte));
        counts[hash % 256] += 1.0;
    }
    counts
}

fn person() -> impl Strategy<Value = Person> {
    let pronouns = prop_oneof![Just(SHE), Just(HE), Just(THEY)];
    ("[A-ZÀ-ÖØ-Þ][a-zß-öø-þ]{2,9}", "(O'|Mc|de-)?[A-Z][a-z]{3,9}(-[A-Z][a-z]{3,6})?", pronouns)
        .prop_map(|(first, last, pronouns)| Person::new(&first, &last, pronouns))
        .prop_filter("a name that is also a word of the text is struck out there too", |person| {
            let plain = Person::new("Nobodyatall", "Nooneatall", SHE);
            let content = plain.profile().content;
            let words = format!("{} {}", content.title, content.summary).to_lowercase();
            !words.contains(&person.first.to_lowercase()) && !words.contains(&person.last.to_lowercase())
        })
}

proptest! {
    #[test]
    fn another_name_and_other_pronouns_give_the_same_text_and_the_same_score(one in person(), other in person()) {
        prop_assert_eq!(one.text(), other.text());
        prop_assert_eq!(one.receipt(), other.receipt());
    }

    #[test]
    fn no_text_breaks_the_mask(title in any::<String>(), summary in any::<String>(), name in any::<String>()) {
        let (_, profile) = made_for_each_other();
        let mut content = profile.content;
        (content.title, content.summary) = (title, summary);
        prop_assert!(profile_text(&content, &name).chars().count() <= 1600);
    }
}

#[test]
fn names_of_all_kinds_of_spelling_are_struck_out() {
    let people = [
        Person::new("Maria", "Lopez", SHE),
        Person::new("John", "Smith", HE),
        Person::new("Anne-Sophie", "O’Neil", THEY),
        Person::new("José", "Muñoz", HE),
        Person::new("Ірина", "Шевченко", SHE),
        Person::new("Jean-Luc", "von-der-Heide", HE),
    ];
    for person in &people {
        assert_eq!(person.text(), people[0].text(), "{person:?}");
        assert_eq!(person.receipt(), people[0].receipt());
    }
    assert_eq!(
        people[0].text(),
        "– database engineer. Skills: PostgreSQL, Rust. Hi, I'm and I make PostgreSQL quick. moved a bank to new \
         servers; clients say kept word and that hire again. work:"
    );
}

fn summary(text: &str, name: &str) -> String {
    let (_, profile) = made_for_each_other();
    let mut content = profile.content;
    content.title = String::new();
    content.skills.clear();
    content.summary = text.to_owned();
    profile_text(&content, name)
}

#[test]
fn names_without_spaces_or_capitals_are_struck_out_too() {
    assert_eq!(summary("我是王伟,数据库工程师", "王伟"), "我是 ,数据库工程师");
    assert_eq!(summary("JOSE draws", "José"), "draws");
    assert_eq!(summary("Hello from maria, a designer", "maria"), "Hello from a designer");
    assert_eq!(summary("i'm maria lopez and i draw", "Maria Lopez"), "i'm and i draw");
}

#[test]
fn a_name_that_is_a_word_stays_a_word() {
    assert_eq!(summary("I will mark up texts", "Will Mark"), "I will mark up texts");
    assert_eq!(summary("Will writes. I code in C", "Will C"), "writes. I code in C");
}

#[test]
fn addresses_and_numbers_to_call_go_and_technologies_stay() {
    let kept = "Node.js, ASP.NET, socket.io, C++, C#, CI/CD, TCP/IP and 24/7 since 2015";
    assert_eq!(summary(kept, "Maria Lopez"), kept);
    let gone = "Write to (me@example.co.uk), see www.maria.dev or github.com/maria, follow @maria_l or call 0171 234 \
                56 78!";
    assert_eq!(summary(gone, "Maria Lopez"), "Write to see or follow or call");
}

#[test]
fn a_long_text_loses_its_end_and_keeps_title_and_skills() {
    let (mut job, _) = made_for_each_other();
    job.content.description = "many words ".repeat(700);
    let text = job_text(&job.content);
    assert!(text.starts_with("Speed up a database. Skills: PostgreSQL, Rust. many words"));
    assert!(text.chars().count() <= 1600 && text.ends_with("words"));
}

#[test]
fn neither_client_nor_town_enters_the_text_of_a_job() {
    let (mut job, _) = made_for_each_other();
    let before = job_text(&job.content);
    job.client_name = "Somebody Else".to_owned();
    job.content.location = "Elsewhere".to_owned();
    assert_eq!(job_text(&job.content), before);
}
