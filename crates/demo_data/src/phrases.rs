//! Fragments that fit every trade.

/// Kinds of client, each with its article.
pub(crate) const SECTORS: &[&str] = &[
    "a regional hotel group",
    "a chain of bakeries",
    "a dental laboratory",
    "a bicycle maker",
    "a city library",
    "a family-run winery",
    "a housing cooperative",
    "a furniture importer",
    "a network of clinics",
    "a toy shop with three branches",
    "an agricultural supplier",
    "an online pharmacy",
    "a sailing school",
    "a music festival",
    "a maker of hiking boots",
    "a parcel carrier",
    "a water utility",
    "an insurance broker",
    "a publishing house",
    "a solar installer",
    "a museum of natural history",
    "a coffee roastery",
    "a language school",
    "a rental firm for tools",
    "a seed bank",
    "a charity for refugees",
    "a ferry company",
    "a manufacturer of pumps",
    "a veterinary practice",
    "a theatre",
    "a university department",
    "a chamber of crafts",
    "a children's hospital",
    "a garden centre",
    "a ski resort",
    "a fishing cooperative",
    "a software start-up",
    "a county council",
    "a maker of hearing aids",
    "an airport shuttle service",
];

/// How a summary may open. `{does}` is an infinitive, `{field}` a trade in lower case.
pub(crate) const OPENINGS: &[&str] = &[
    "I am {a:role} based in {town}, and I have been at it for {span}.",
    "My field is {field}: I {does}.",
    "I {does}.",
    "Clients call me when they need somebody to {does}.",
    "For {span} I have worked in {field}, mostly with {clients}.",
    "Most of my weeks go into {field}, and I would not want it otherwise.",
    "After {span} as {a:role} I know where such projects go wrong.",
    "I work as {a:role} for {clients} and have done so for {span}.",
    "What I do, in one line: I {does}.",
    "I came to {field} by a side door {span} ago and stayed.",
];

/// Whom people work for, in the plural.
pub(crate) const CLIENTS: &[&str] = &[
    "small manufacturers",
    "public bodies",
    "young companies",
    "family firms",
    "agencies",
    "charities and schools",
    "mid-sized retailers",
    "research groups",
    "health care providers",
    "teams of five to fifty",
    "firms that sell abroad",
    "people who start something of their own",
];

/// How past work may be told. `{did}` is a past tense without "I".
pub(crate) const DEEDS: &[&str] = &[
    "Last year I {did}.",
    "Recently I {did}.",
    "One piece of work I like to show: I {did}.",
    "In my longest engagement so far I {did}.",
    "Two projects ago I {did}.",
    "Together with a small team I {did}.",
    "On my own I {did}.",
    "For one of my first clients I {did}.",
];

/// How a further ability may be told.
pub(crate) const ABILITIES: &[&str] = &[
    "I also {does}.",
    "Besides that, I {does}.",
    "On other days I {does}.",
    "People also book me to {does}.",
    "Where it helps, I {does}.",
    "Just as often I {does}.",
    "Now and then I also {does}.",
];

/// About tools; only for people who have two that go by a name.
pub(crate) const TOOLS: &[&str] = &[
    "I am most at home with {s1} and {s2}.",
    "My daily tools are {s1} and {s2}.",
    "I reach for {s1} first and for {s2} soon after.",
    "{s1} and {s2} are where I am quickest.",
    "I know {s1} well and {s2} well enough to teach it.",
    "Most of it happens in {s1}, the rest in {s2}.",
];

/// How people work, whatever they do.
pub(crate) const HABITS: &[&str] = &[
    "I answer within a working day and say no when I should.",
    "A short call at the start of the week and a written note at its end are usually enough.",
    "I would rather ask one question too many than deliver the wrong thing on time.",
    "If I see that you need something else, I tell you before you have paid for it.",
    "I take on few things at a time and finish them.",
    "Deadlines that matter to you go into my calendar with two days to spare.",
    "I am used to working with people in other time zones and write things down.",
    "What I promise on Monday is in your inbox on Friday.",
    "I work alone or as part of your team, whichever costs less friction.",
    "At present I have room for about {hours} hours a week.",
    "I can give a project some {hours} hours a week and prefer those that last.",
    "A first talk costs nothing and often saves a week.",
];

/// How a client may introduce itself; names no business, since the situation does.
pub(crate) const INTRODUCTIONS: &[&str] = &[
    "We are {people} people in {town}, in business for {5-40} years.",
    "We are a team of {people}, most of us in {town}.",
    "We are a small organisation in {town} with {people} people on the payroll.",
    "Our office in {town} counts {people} people, and we know each other by first name.",
    "From {town} we look after some {200-4000} customers with {people} colleagues.",
    "We started in {town} {3-18} years ago and are {people} people by now.",
    "Hello from {town}, where {people} of us share one floor.",
    "We have grown to {people} people in {town}, faster than our routines.",
];

/// Bridges from the situation to the task.
pub(crate) const TASKS: &[&str] = &[
    "We are looking for {a:role} who can {does}.",
    "This is where you come in: we need {a:role} to {does}.",
    "So we would like to work with {a:role} who knows how to {does}.",
    "We want to hand this to {a:role} with the experience to {does}.",
    "What we need is {a:role} who will {does}, with us and not around us.",
    "The task is to {does}, and we would like {a:role} for it who has done so before.",
];

/// How a list of work may be headed.
pub(crate) const LISTS: &[&str] = &[
    "The work in short:",
    "What there is to do:",
    "You would:",
    "Roughly in this order:",
    "Among the tasks:",
    "We expect you to:",
];

/// How the further work may be told in a sentence.
pub(crate) const FURTHER: &[&str] = &[
    "You would also {does}, and later on {does2}.",
    "Part of the work is to {does}; another part is to {does2}.",
    "Along the way you would {does} and {does2}.",
    "If all goes well we will also ask you to {does} and to {does2}.",
    "Beyond that there is a need to {does} and, where time allows, to {does2}.",
    "Some days you will {does}, on others {does2}.",
];

/// How a good result may be named. `{good}` is a clause.
pub(crate) const RESULTS: &[&str] = &[
    "We will be happy when {good}.",
    "What good looks like: {good}.",
    "You will have succeeded if {good}, and if {good2}.",
    "In the end it comes down to this: {good}.",
    "We shall call it done when {good} and {good2}.",
    "Success for us means that {good}. It would be even better if {good2}.",
];

/// How the work goes, for any trade.
pub(crate) const PRACTICALITIES: &[&str] = &[
    "You would report to one person, who decides within a day.",
    "We meet once a week by video and write the rest.",
    "Everything you need to begin is in one shared folder.",
    "We pay within {7-21} days of the invoice, without being reminded.",
    "The start can be next week or in a month; we prefer sooner.",
    "A colleague of ours will be there for questions most mornings.",
    "There is a fixed date at the end, and we have planned a week to spare.",
    "We sign a short agreement on confidentiality before we share any data.",
    "If the first part goes well there will be a second one.",
    "We would like to agree on milestones and pay after each.",
    "Please count one round of corrections in your price.",
    "You can work at the hours that suit you as long as we share a few each day.",
    "Somebody on our side has done part of this before and can explain what went wrong.",
    "We care more about a clear result than about hours on a time sheet.",
    "We will not look over your shoulder, but we do want to see something every week.",
    "All rights in the work pass to us once it is paid.",
];

/// What a client would like to hear from those who answer.
pub(crate) const ASKS: &[&str] = &[
    "Please tell us in a few lines about something similar that you have done.",
    "In your answer, name the part of this that you expect to be hardest.",
    "Send us one example of your work and say what you would do differently today.",
    "Tell us when you could begin and what you would need from us first.",
    "We read every answer; three honest paragraphs are better than a brochure.",
    "A rough plan and a price range are enough for a first talk.",
    "If something in this text makes no sense, say so; that would be a good start.",
    "Please mention which part you would do yourself and which you would not.",
];

/// What people call a link to their work.
pub(crate) const LINK_LABELS: &[(&str, &str)] = &[
    ("Portfolio", "work"),
    ("Selected work", "selected"),
    ("References", "references"),
    ("Case study", "case-study"),
    ("My site", ""),
    ("Samples", "samples"),
];
