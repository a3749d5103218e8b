//! Money: an exact decimal amount and its ISO 4217 currency.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

text_enum! {
    /// The currencies in which budgets and rates can be given (ISO 4217).
    pub enum Currency {
        Usd = "USD", "US dollar";
        Eur = "EUR", "Euro";
        Gbp = "GBP", "Pound sterling";
        Cad = "CAD", "Canadian dollar";
        Aud = "AUD", "Australian dollar";
        Inr = "INR", "Indian rupee";
        Sgd = "SGD", "Singapore dollar";
        Jpy = "JPY", "Japanese yen";
        Brl = "BRL", "Brazilian real";
        Chf = "CHF", "Swiss franc";
        Pln = "PLN", "Polish złoty";
        Zar = "ZAR", "South African rand";
    }
}

impl Currency {
    /// What stands before an amount.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Usd => "$",
            Self::Eur => "€",
            Self::Gbp => "£",
            Self::Cad => "CA$",
            Self::Aud => "A$",
            Self::Inr => "₹",
            Self::Sgd => "S$",
            Self::Jpy => "¥",
            Self::Brl => "R$",
            Self::Chf => "CHF ",
            Self::Pln => "PLN ",
            Self::Zar => "R ",
        }
    }
}

impl Currency {
    /// What one unit is worth in US dollars, in millionths: reference rates of November 2026, good
    /// enough to compare and to sort, never to pay by.
    pub const fn usd_millionths(self) -> u32 {
        match self {
            Self::Usd => 1_000_000,
            Self::Eur => 1_160_000,
            Self::Gbp => 1_320_000,
            Self::Cad => 712_000,
            Self::Aud => 652_000,
            Self::Inr => 11_300,
            Self::Sgd => 768_000,
            Self::Jpy => 6_450,
            Self::Brl => 187_000,
            Self::Chf => 1_240_000,
            Self::Pln => 273_000,
            Self::Zar => 58_200,
        }
    }
}

/// An amount of at most two decimal places, 0 to 99,999,999.99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub amount: Decimal,
    pub currency: Currency,
}

impl Money {
    /// The largest amount a budget or a rate may have.
    pub const MAX: Decimal = Decimal::from_parts(1_410_065_407, 2, 0, false, 2);

    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// An amount given in hundredths of its currency.
    pub fn of_hundredths(hundredths: u64, currency: Currency) -> Self {
        Self::new(Decimal::from_i128_with_scale(hundredths.into(), 2), currency)
    }

    /// The amount in US dollars and cents at reference rates.
    pub fn in_usd(&self) -> Decimal {
        (self.amount * Decimal::new(self.currency.usd_millionths().into(), 6)).round_dp(2)
    }

    /// "$1,250", "€37.50".
    pub fn label(&self) -> String {
        format!("{}{}", self.currency.symbol(), grouped(self.amount))
    }
}

/// An amount with thousands set apart, and decimals only where there are any.
pub fn grouped(amount: Decimal) -> String {
    let text = amount.normalize().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::with_capacity(text.len() + 4);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
        if fraction.len() == 1 {
            out.push('0');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        let money = |text: &str| Money::new(text.parse().unwrap(), Currency::Usd).label();
        assert_eq!(money("1250000"), "$1,250,000");
        assert_eq!(money("37.50"), "$37.50");
        assert_eq!(money("999"), "$999");
        assert_eq!(money("1000.00"), "$1,000");
    }

    #[test]
    fn the_largest_amount_is_what_its_comment_says() {
        assert_eq!(Money::MAX.to_string(), "99999999.99");
    }
}
