//! Jobs: what the plan's clients ask for.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    JobId,
    job::{Budget, BudgetKind, Duration, Experience, JobContent, JobStatus},
    language::Language,
    place::{Region, WorkPlace},
};

use crate::{
    DemoJob, Plan,
    account::{self, Client, ago, uuid},
    catalogue::{Speciality, Tool, named},
    demo_accounts::CLIENT_JOBS,
    dice::{Dice, Kind},
    grammar::{fill, sentence_case},
    phrases, place, price,
    profile::{other_language, skill, speciality},
    profile_text::{leading, phrases_of, words},
};

pub(crate) fn job(plan: &Plan, i: usize) -> DemoJob {
    let mut dice = Dice::new(plan.seed, Kind::Job, i);
    let created_at = ago(plan, &mut dice, 0.1, 45.0);
    let id = JobId::from_uuid(uuid(created_at, &mut dice));
    let of_demo_client = i < CLIENT_JOBS.len();
    let client = if of_demo_client { 0 } else { dice.below(plan.clients) };
    let client = account::client(plan, client);
    let drawn = speciality(&mut dice).1;
    let speciality = if of_demo_client { named(CLIENT_JOBS[i]).1 } else { drawn };
    // The demo freelancer finds at least one job that asks for what she does best.
    let core = if i == 0 { speciality.cores[0].clone() } else { dice.pick(&speciality.cores).clone() };
    let content = content(&mut dice, speciality, core, &client);
    let status = *dice.weighted(JobStatus::ALL, |status| match status {
        JobStatus::Open => 90,
        JobStatus::Closed => 7,
        JobStatus::Draft => 3,
        JobStatus::Held => 0,
    });
    let status = if of_demo_client { JobStatus::Open } else { status };
    let published_at = (status != JobStatus::Draft).then(|| later(&mut dice, plan, created_at, 0.1));
    let closed_at = (status == JobStatus::Closed)
        .then(|| later(&mut dice, plan, published_at.unwrap_or(created_at), 1.0));
    DemoJob {
        id,
        client: client.person.id,
        region: client.person.region,
        content,
        status,
        created_at,
        updated_at: closed_at.or(published_at).unwrap_or(created_at),
        published_at,
        closed_at,
        speciality: speciality.name,
    }
}

/// A moment between `from` and now, within the first `share` of that time.
fn later(dice: &mut Dice, plan: &Plan, from: DateTime<Utc>, share: f64) -> DateTime<Utc> {
    let span = (plan.now - from).num_milliseconds() as f64;
    from + TimeDelta::milliseconds((span * share * dice.unit()) as i64)
}

fn content(dice: &mut Dice, speciality: &Speciality, core: Vec<Tool>, client: &Client) -> JobContent {
    let asked = *dice.weighted(Experience::ALL, |experience| match experience {
        Experience::Entry => 18,
        Experience::Intermediate => 50,
        Experience::Expert => 32,
    });
    let duration = *dice.weighted(Duration::ALL, |duration| match duration {
        Duration::Days => 16,
        Duration::Weeks => 32,
        Duration::Months => 28,
        Duration::HalfYear => 12,
        Duration::Ongoing => 12,
    });
    // The language is that of people somewhere, not of the client, who has it at home already.
    let home = place::somewhere(dice).1;
    let language = other_language(dice, home);
    let besides: Vec<_> = speciality.more.iter().filter(|tool| !core.contains(tool)).copied().collect();
    let extra = dice.between(1, 5);
    let extra = dice.sample(&besides, extra);
    let (asked_too, nice) = extra.split_at(usize::from(dice.chance(45)));
    let mut required = core;
    required.extend(asked_too);
    let place = client.place;
    let on_site = dice.chance(15);
    let region = client.person.region;
    let regions = if on_site { vec![region] } else { regions(dice, region) };
    let weekly_hours = (duration != Duration::Days && dice.chance(65))
        .then(|| *dice.pick(&[4, 8, 10, 12, 16, 20, 20, 24, 30, 40]));
    let title_slots = slots(&required, language);
    // Titles and situations come in pairs, filled in together so that their numbers agree.
    let pair = dice.below(speciality.jobs.len().min(speciality.needs.len()));
    let both = fill(&format!("{}\n{}", speciality.jobs[pair], speciality.needs[pair]), dice, &title_slots);
    let (title, need) = both.split_once('\n').unwrap_or((&both, ""));
    let utc_offset = dice.chance(40).then(|| place.offset());
    let languages = languages(dice, client, speciality.bilingual().then_some(language));
    let notes = notes(client, on_site, weekly_hours, utc_offset.is_some());
    JobContent {
        title: sentence_case(title),
        description: description(dice, speciality, client, need, &title_slots, notes),
        required: required.iter().map(|tool| skill(*tool, language)).collect(),
        nice_to_have: nice.iter().map(|tool| skill(*tool, language)).collect(),
        budget: budget(dice, speciality, client, asked, duration),
        duration,
        weekly_hours,
        experience: dice.chance(82).then_some(asked),
        work_place: if on_site { WorkPlace::OnSite } else { WorkPlace::Remote },
        location: if on_site { place.town.to_owned() } else { String::new() },
        regions,
        utc_offset,
        languages,
    }
}

fn slots(required: &[Tool], language: Language) -> [(&'static str, String); 3] {
    let (s1, s2) = leading(required);
    [("s1", s1), ("s2", s2), ("lang", language.label().to_owned())]
}

/// Most jobs are open to everybody, some to the client's region or that and its neighbour.
fn regions(dice: &mut Dice, home: Region) -> Vec<Region> {
    let mut regions = match dice.below(100) {
        0..75 => Vec::new(),
        75..90 => vec![home],
        _ => vec![home, if home == Region::Eu { Region::Na } else { Region::Eu }],
    };
    regions.sort_unstable();
    regions
}

fn languages(dice: &mut Dice, client: &Client, needed: Option<Language>) -> Vec<Language> {
    let mut languages = vec![Language::En];
    match (needed, client.place.local) {
        (Some(needed), _) => languages.push(needed),
        (None, Some(local)) if dice.chance(12) => languages.push(local),
        (None, _) if dice.chance(15) => languages.clear(),
        _ => {}
    }
    languages.sort_unstable();
    languages.dedup();
    languages
}

fn budget(
    dice: &mut Dice,
    speciality: &Speciality,
    client: &Client,
    asked: Experience,
    duration: Duration,
) -> Budget {
    let currency = client.place.currency;
    // Who hires far away pays nearer to what is usual there, so that prices meet in the middle.
    let level = f64::midpoint(client.place.level, 0.95);
    let hourly = price::hourly(dice, speciality.rate, asked) * level;
    let low = 0.8 + 0.15 * dice.unit();
    let high = 1.1 + 0.2 * dice.unit();
    let lasting = matches!(duration, Duration::HalfYear | Duration::Ongoing);
    let (kind, hours, coarse) = if lasting || dice.chance(50) {
        (BudgetKind::Hourly, 1.0, 1)
    } else {
        let hours = match duration {
            Duration::Days => dice.between(8, 36),
            Duration::Weeks => dice.between(35, 120),
            _ => dice.between(110, 380),
        };
        (BudgetKind::Fixed, hours as f64, 50)
    };
    let max = price::rounded(hourly * high * hours, currency, coarse);
    let min = price::rounded(hourly * low * hours, currency, coarse);
    let one_figure = kind == BudgetKind::Fixed && dice.chance(30);
    Budget { kind, min: if one_figure { max } else { min.min(max) }, max, currency }
}

/// What follows from the other fields and belongs in the text too.
fn notes(client: &Client, on_site: bool, weekly_hours: Option<u16>, same_hours: bool) -> Vec<String> {
    let town = client.place.town;
    let place = if on_site {
        Some(format!("The work is done with us in {town}; a desk and good coffee are there."))
    } else {
        None
    };
    let hours = weekly_hours.map(|hours| format!("We expect about {hours} hours a week."));
    let clock = (same_hours && !on_site)
        .then(|| format!("A few hours a day should overlap with office hours in {town}."));
    [place, hours, clock].into_iter().flatten().collect()
}

/// Context, task, result and practicalities in four paragraphs; mostly 120 to 200 words.
fn description(
    dice: &mut Dice,
    speciality: &Speciality,
    client: &Client,
    need: &str,
    skills: &[(&'static str, String)],
    notes: Vec<String>,
) -> String {
    let mut slots = skills.to_vec();
    slots.push(("town", client.place.town.to_owned()));
    slots.push(("people", client.colleagues.to_string()));
    let role = *dice.pick(&speciality.roles);
    slots.push(("role", fill(role, dice, &slots)));
    let does = phrases_of(dice, &speciality.does, 5, &slots);
    let good = phrases_of(dice, &speciality.good, 2, &slots);
    slots.extend([("good", good[0].clone()), ("good2", good[1].clone())]);
    let say = |dice: &mut Dice, template: &str, does: &str, does2: &str| {
        let mut slots = slots.clone();
        slots.extend([("does", does.to_owned()), ("does2", does2.to_owned())]);
        sentence_case(&fill(template, dice, &slots))
    };
    let one_of = |dice: &mut Dice, templates: &[&str]| {
        let template = *dice.pick(templates);
        say(dice, template, "", "")
    };

    let introduction = one_of(dice, phrases::INTRODUCTIONS);
    let context =
        if dice.chance(70) { format!("{introduction} {need}") } else { format!("{need} {introduction}") };
    let task = *dice.pick(phrases::TASKS);
    let task = say(dice, task, &does[0], "");
    let work = if dice.chance(45) {
        let items: Vec<_> = does[1..4].iter().map(|item| format!("– {item}")).collect();
        format!("{task} {}\n{}", dice.pick(phrases::LISTS), items.join("\n"))
    } else {
        let further = *dice.pick(phrases::FURTHER);
        format!("{task} {}", say(dice, further, &does[1], &does[2]))
    };
    let result = one_of(dice, phrases::RESULTS);
    let mut practical = notes;
    let ask = one_of(dice, phrases::ASKS);
    for sentence in dice.sample(phrases::PRACTICALITIES, 5) {
        let so_far =
            words(&context) + words(&work) + words(&result) + words(&ask) + words(&practical.join(" "));
        if so_far >= 130 {
            break;
        }
        practical.push(say(dice, sentence, "", ""));
    }
    practical.push(ask);
    let practical = practical.join(" ");
    if dice.chance(75) {
        [context, work, result, practical].join("\n\n")
    } else {
        [context, format!("{work}\n\n{result} {practical}")].join("\n\n")
    }
}
