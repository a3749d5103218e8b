//! The words of a profile.

use crate::{
    catalogue::{Speciality, Tool, Trade},
    dice::Dice,
    grammar::{Slots, fill, inside, sentence_case, span},
    phrases,
};

/// What a summary tells besides the fragments of its speciality.
pub(crate) struct About<'a> {
    pub(crate) town: &'a str,
    pub(crate) years: u16,
    pub(crate) weekly_hours: u16,
    pub(crate) tools: &'a [Tool],
    pub(crate) lang: &'a str,
}

/// The names of the first two tools, those that go by a proper name first.
pub(crate) fn leading(tools: &[Tool]) -> (String, String) {
    let mut ordered: Vec<_> = tools.iter().filter(|tool| tool.named).collect();
    ordered.extend(tools.iter().filter(|tool| !tool.named));
    let label = |i: usize| ordered.get(i).map_or_else(String::new, |tool| tool.label.to_owned());
    (label(0), label(1))
}

pub(crate) fn title(dice: &mut Dice, speciality: &Speciality, about: &About<'_>) -> String {
    let (s1, s2) = leading(about.tools);
    let slots = [("s1", s1), ("s2", s2), ("lang", about.lang.to_owned())];
    let template = *dice.pick(&speciality.titles);
    sentence_case(&fill(template, dice, &slots))
}

/// Four to six sentences, first person, 50 to 120 words.
pub(crate) fn summary(dice: &mut Dice, trade: &Trade, speciality: &Speciality, about: &About<'_>) -> String {
    let (s1, s2) = leading(about.tools);
    let mut slots = vec![
        ("s1", s1),
        ("s2", s2),
        ("lang", about.lang.to_owned()),
        ("town", about.town.to_owned()),
        ("span", span(about.years)),
        ("hours", about.weekly_hours.to_string()),
        ("clients", (*dice.pick(phrases::CLIENTS)).to_owned()),
        ("field", inside(speciality.name)),
    ];
    let role = *dice.pick(&speciality.roles);
    slots.push(("role", fill(role, dice, &slots)));
    let does = phrases_of(dice, &speciality.does, 3, &slots);
    let did = phrases_of(dice, &speciality.did, 2, &slots);
    let deeds = dice.sample(phrases::DEEDS, 2);
    let opening = *dice.pick(phrases::OPENINGS);
    let ability = *dice.pick(phrases::ABILITIES);
    let tools = *dice.pick(phrases::TOOLS);
    let way = *dice.pick(&trade.ways);
    let habit = *dice.pick(phrases::HABITS);

    let mut say = |template: &str, does: &str, did: &str| {
        slots.push(("does", does.to_owned()));
        slots.push(("did", did.to_owned()));
        let sentence = sentence_case(&fill(template, dice, &slots));
        slots.truncate(slots.len() - 2);
        sentence
    };
    let opening = say(opening, &does[0], &did[0]);
    let deed = say(deeds[0], &does[0], &did[0]);
    let second_deed = say(deeds[1], &does[0], &did[1]);
    let ability = say(ability, &does[1], &did[0]);
    let way = say(way, &does[0], &did[0]);
    let habit = say(habit, &does[0], &did[0]);
    let named = about.tools.iter().filter(|tool| tool.named).count();
    let tools = (named >= 2).then(|| say(tools, &does[0], &did[0]));

    let order = dice.below(6);
    let mut sentences = match order {
        0 => vec![opening, deed, ability, way.clone()],
        1 => vec![opening, ability, deed, habit.clone()],
        2 => vec![deed, opening, ability, way.clone()],
        3 => vec![opening, deed, way.clone(), ability],
        4 => vec![opening, ability, way.clone(), deed],
        _ => vec![opening, deed, second_deed.clone(), habit.clone()],
    };
    if let Some(tools) = tools
        && dice.chance(60)
    {
        sentences.insert(dice.between(1, 3), tools);
    }
    // Short sentences leave room for more of them.
    for spare in [second_deed, habit, way] {
        if words(&sentences.join(" ")) < 58 && sentences.len() < 6 && !sentences.contains(&spare) {
            sentences.push(spare);
        }
    }
    // Some write two short paragraphs, most only one.
    if sentences.len() >= 5 && dice.chance(35) {
        let tail = sentences.split_off(3);
        return format!("{}\n\n{}", sentences.join(" "), tail.join(" "));
    }
    sentences.join(" ")
}

/// `count` different fragments, filled in.
pub(crate) fn phrases_of(
    dice: &mut Dice,
    fragments: &[&'static str],
    count: usize,
    slots: &Slots<'_>,
) -> Vec<String> {
    dice.sample(fragments, count).into_iter().map(|fragment| fill(fragment, dice, slots)).collect()
}

pub(crate) fn words(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}
