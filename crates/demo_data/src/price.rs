//! What work costs, by speciality, experience, place and currency.

use domain::{
    job::Experience,
    money::{Currency, Money},
};
use rust_decimal::Decimal;

use crate::dice::Dice;

/// About how much of a currency one US dollar buys, and the step in which hourly rates are given.
const fn dollar(currency: Currency) -> (f64, i64) {
    match currency {
        Currency::Usd => (1.0, 1),
        Currency::Eur => (0.9, 1),
        Currency::Gbp => (0.77, 1),
        Currency::Cad => (1.38, 1),
        Currency::Aud => (1.52, 1),
        Currency::Inr => (85.0, 50),
        Currency::Sgd => (1.33, 1),
        Currency::Jpy => (150.0, 100),
        Currency::Brl => (5.5, 5),
        Currency::Chf => (0.87, 1),
        Currency::Pln => (3.9, 5),
        Currency::Zar => (18.0, 10),
    }
}

/// US dollars an hour for that much experience, somewhere in the speciality's range.
pub(crate) fn hourly(dice: &mut Dice, (low, high): (f64, f64), experience: Experience) -> f64 {
    let middle = f64::midpoint(low, high);
    let (from, to) = match experience {
        Experience::Entry => (low * 0.75, low * 1.1),
        Experience::Intermediate => (low, middle * 1.1),
        Experience::Expert => (middle * 0.95, high * 1.08),
    };
    from + (to - from) * dice.unit()
}

/// An amount as people name it: in the currency's usual step, or `coarse` of them.
pub(crate) fn rounded(dollars: f64, currency: Currency, coarse: i64) -> Decimal {
    let (rate, step) = dollar(currency);
    let step = step * coarse;
    let steps = (dollars * rate / step as f64).round() as i64;
    Decimal::from(steps.max(1) * step)
}

pub(crate) fn hourly_rate(dollars: f64, currency: Currency) -> Money {
    Money::new(rounded(dollars, currency, 1), currency)
}
