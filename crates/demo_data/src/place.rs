//! Where people live: towns with their clocks, currencies, languages and price levels.

use domain::{
    language::Language::{self, *},
    money::Currency::{self, *},
    place::{Region, UtcOffset},
};

use crate::{
    dice::Dice,
    names::Culture::{self, *},
};

pub(crate) struct Place {
    pub(crate) town: &'static str,
    /// Minutes east of UTC, one of [`UtcOffset::CHOICES`].
    minutes: i16,
    pub(crate) currency: Currency,
    /// What is spoken there besides English, if anything.
    pub(crate) local: Option<Language>,
    /// Prices relative to New York.
    pub(crate) level: f64,
    /// Whose names are found there; the first is the commonest.
    pub(crate) cultures: &'static [Culture],
}

impl Place {
    pub(crate) fn offset(&self) -> UtcOffset {
        UtcOffset::new(self.minutes).unwrap_or(UtcOffset::UTC)
    }
}

const fn place(
    town: &'static str,
    minutes: i16,
    currency: Currency,
    local: Option<Language>,
    level: f64,
    cultures: &'static [Culture],
) -> Place {
    Place { town, minutes, currency, local, level, cultures }
}

const NORTH_AMERICA: &[Place] = &[
    place("New York", -300, Usd, None, 1.05, &[English, Latin, Indian, WestAfrican, Chinese]),
    place("Chicago", -360, Usd, None, 0.98, &[English, Latin, Slavic, WestAfrican]),
    place("Denver", -420, Usd, None, 0.98, &[English, Latin, German]),
    place("Los Angeles", -480, Usd, None, 1.05, &[English, Latin, Korean, Arabic, Chinese]),
    place("Atlanta", -300, Usd, None, 0.94, &[English, WestAfrican, Indian]),
    place("Toronto", -300, Cad, None, 0.9, &[English, Indian, Chinese, Arabic]),
    place("Montréal", -300, Cad, Some(Fr), 0.86, &[French, English, Arabic]),
    place("Vancouver", -480, Cad, None, 0.9, &[English, Chinese, Indian]),
    place("Mexico City", -360, Usd, Some(Es), 0.68, &[Latin]),
    place("Guadalajara", -360, Usd, Some(Es), 0.62, &[Latin]),
];
const EUROPE_AFRICA: &[Place] = &[
    place("Berlin", 60, Eur, Some(De), 0.92, &[German, Slavic, Arabic]),
    place("Munich", 60, Eur, Some(De), 0.98, &[German, Slavic]),
    place("London", 0, Gbp, None, 1.0, &[English, Indian, WestAfrican, Slavic]),
    place("Leeds", 0, Gbp, None, 0.88, &[English, Indian]),
    place("Paris", 60, Eur, Some(Fr), 0.92, &[French, Arabic, WestAfrican]),
    place("Lyon", 60, Eur, Some(Fr), 0.85, &[French]),
    place("Madrid", 60, Eur, Some(Es), 0.76, &[Latin]),
    place("Lisbon", 0, Eur, Some(Pt), 0.72, &[Lusophone]),
    place("Bologna", 60, Eur, Some(It), 0.78, &[Italian]),
    place("Utrecht", 60, Eur, Some(Nl), 0.92, &[German, English, Arabic]),
    place("Zürich", 60, Chf, Some(De), 1.15, &[German, Italian, French]),
    place("Warsaw", 60, Pln, Some(Pl), 0.68, &[Slavic]),
    place("Kyiv", 120, Usd, Some(Uk), 0.58, &[Slavic]),
    place("Gothenburg", 60, Eur, Some(Sv), 0.92, &[Nordic, Arabic]),
    place("Aarhus", 60, Eur, Some(Da), 0.95, &[Nordic]),
    place("Istanbul", 180, Usd, Some(Tr), 0.58, &[Turkish]),
    place("Lagos", 60, Usd, None, 0.52, &[WestAfrican]),
    place("Accra", 0, Usd, None, 0.52, &[WestAfrican]),
    place("Nairobi", 180, Usd, Some(Sw), 0.54, &[EastAfrican]),
    place("Cape Town", 120, Zar, None, 0.64, &[English, EastAfrican, German]),
    place("Cairo", 120, Usd, Some(Ar), 0.52, &[Arabic]),
];
const ASIA_PACIFIC: &[Place] = &[
    place("Bengaluru", 330, Inr, Some(Hi), 0.56, &[Indian]),
    place("Pune", 330, Inr, Some(Hi), 0.52, &[Indian]),
    place("Chennai", 330, Inr, Some(Ta), 0.52, &[Indian]),
    place("Lahore", 300, Usd, Some(Ur), 0.5, &[Arabic]),
    place("Dhaka", 360, Usd, Some(Bn), 0.5, &[Indian, Arabic]),
    place("Singapore", 480, Sgd, Some(Zh), 0.98, &[Chinese, Indian, SouthEastAsian]),
    place("Taipei", 480, Usd, Some(Zh), 0.74, &[Chinese]),
    place("Tokyo", 540, Jpy, Some(Ja), 0.84, &[Japanese]),
    place("Osaka", 540, Jpy, Some(Ja), 0.8, &[Japanese]),
    place("Seoul", 540, Usd, Some(Ko), 0.8, &[Korean]),
    place("Manila", 480, Usd, Some(Tl), 0.52, &[Filipino]),
    place("Cebu", 480, Usd, Some(Tl), 0.5, &[Filipino]),
    place("Hanoi", 420, Usd, Some(Vi), 0.52, &[Vietnamese]),
    place("Jakarta", 420, Usd, Some(Id), 0.52, &[SouthEastAsian]),
    place("Kuala Lumpur", 480, Usd, Some(Ms), 0.58, &[SouthEastAsian, Chinese, Indian]),
    place("Dubai", 240, Usd, Some(Ar), 0.88, &[Arabic, Indian]),
    place("Melbourne", 600, Aud, None, 0.92, &[English, Chinese, Vietnamese, Italian]),
    place("Auckland", 720, Aud, None, 0.86, &[English, Indian]),
];
const SOUTH_AMERICA: &[Place] = &[
    place("São Paulo", -180, Brl, Some(Pt), 0.62, &[Lusophone, Japanese, Italian]),
    place("Recife", -180, Brl, Some(Pt), 0.55, &[Lusophone]),
    place("Curitiba", -180, Brl, Some(Pt), 0.58, &[Lusophone, Slavic, German]),
    place("Buenos Aires", -180, Usd, Some(Es), 0.6, &[Latin, Italian]),
    place("Montevideo", -180, Usd, Some(Es), 0.64, &[Latin, Italian]),
    place("Santiago", -240, Usd, Some(Es), 0.64, &[Latin, German]),
    place("Bogotá", -300, Usd, Some(Es), 0.56, &[Latin]),
    place("Medellín", -300, Usd, Some(Es), 0.55, &[Latin]),
    place("Lima", -300, Usd, Some(Es), 0.56, &[Latin, Japanese]),
];

/// The regions with how many of a hundred people live there.
const REGIONS: &[(Region, usize)] =
    &[(Region::Na, 28), (Region::Eu, 34), (Region::Asia, 25), (Region::Sa, 13)];

pub(crate) const fn places(region: Region) -> &'static [Place] {
    match region {
        Region::Na => NORTH_AMERICA,
        Region::Eu => EUROPE_AFRICA,
        Region::Asia => ASIA_PACIFIC,
        Region::Sa => SOUTH_AMERICA,
    }
}

/// The town of that name; the first of Europe where there is none.
pub(crate) fn town(name: &str) -> &'static Place {
    EUROPE_AFRICA.iter().find(|place| place.town == name).unwrap_or(&EUROPE_AFRICA[0])
}

pub(crate) fn somewhere(dice: &mut Dice) -> (Region, &'static Place) {
    let region = dice.weighted(REGIONS, |(_, weight)| *weight).0;
    (region, dice.pick(places(region)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_town_keeps_a_clock_that_people_can_choose() {
        for place in Region::ALL.iter().flat_map(|region| places(*region)) {
            assert!(UtcOffset::CHOICES.iter().any(|(m, _)| *m == place.minutes), "{}", place.town);
        }
    }
}
