//! What a person may tell us that nobody else sees.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::validate::{FieldErrors, line};

/// The longest legal name in characters.
pub const LEGAL_NAME_LENGTH: usize = 120;

/// What a person fills in; a field that is left empty is forgotten.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivateForm {
    pub legal_name: String,
    pub phone: String,
}

/// Valid private details.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PrivateDetails {
    pub legal_name: Option<String>,
    /// As of E.164: a plus sign and 7 to 15 digits.
    pub phone: Option<String>,
}

impl PrivateForm {
    pub fn validate(&self) -> Result<PrivateDetails, FieldErrors> {
        let mut errors = FieldErrors::default();
        let given = |text: &str| !text.trim().is_empty();
        let legal_name = match given(&self.legal_name) {
            true => errors.keep("legal_name", line(&self.legal_name, 2, LEGAL_NAME_LENGTH)),
            false => None,
        };
        let phone = if given(&self.phone) { errors.keep("phone", phone(&self.phone)) } else { None };
        if errors.is_empty() { Ok(PrivateDetails { legal_name, phone }) } else { Err(errors) }
    }
}

impl From<PrivateDetails> for PrivateForm {
    fn from(details: PrivateDetails) -> Self {
        Self { legal_name: details.legal_name.unwrap_or_default(), phone: details.phone.unwrap_or_default() }
    }
}

/// Shows no field: what is private does not belong in logs.
impl fmt::Debug for PrivateForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateForm").finish_non_exhaustive()
    }
}

/// Shows no field either.
impl fmt::Debug for PrivateDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateDetails").finish_non_exhaustive()
    }
}

/// Country codes of one and of two digits; all others have three.
const ONE_DIGIT: &[&str] = &["1", "7"];
const TWO_DIGITS: &[&str] = &[
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
    "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// Where a number keeps its zero when it is dialled from abroad: Italy, San Marino and the Vatican,
/// Ivory Coast, Benin, Gabon and the Congo. Everywhere else it is dialled within the country alone.
const ZERO_BELONGS: &[&str] = &["39", "378", "379", "225", "229", "241", "242"];

/// A number as it is dialled from anywhere, however it is set apart. A zero in brackets after the country
/// is for those who dial within it; one without brackets may be a slip, so nobody guesses at it.
fn phone(text: &str) -> Result<String, String> {
    let wrong = || "Please give the number with its country, such as +49 30 901820.".to_owned();
    let kept: String = text.trim().chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/')).collect();
    let number = kept.strip_prefix('+').or_else(|| kept.strip_prefix("00")).ok_or_else(wrong)?;
    let (before, after) = number.split_once("(0)").map_or((number, None), |(a, b)| (a, Some(b)));
    let set_apart = |text: &str| text.replace(['(', ')'], "");
    let (before, after) = (set_apart(before), after.map(set_apart));
    let all = format!("{before}{}", after.as_deref().unwrap_or_default());
    if !all.bytes().all(|byte| byte.is_ascii_digit()) || all.starts_with('0') {
        return Err(wrong());
    }
    let (country, rest) = all.split_at_checked(country_length(&all)).ok_or_else(wrong)?;
    let keeps_zero = ZERO_BELONGS.contains(&country);
    let digits = match after {
        Some(after) if before == country && keeps_zero => format!("{country}0{after}"),
        Some(_) if before != country => return Err(wrong()),
        _ => all.clone(),
    };
    if !keeps_zero && rest.starts_with('0') {
        return Err(format!(
            "Please leave out the 0 after +{country}: it is dialled within the country alone."
        ));
    }
    if (7..=15).contains(&digits.len()) { Ok(format!("+{digits}")) } else { Err(wrong()) }
}

fn country_length(digits: &str) -> usize {
    let starts = |codes: &[&str]| codes.iter().any(|code| digits.starts_with(code));
    if starts(ONE_DIGIT) {
        1
    } else if starts(TWO_DIGITS) {
        2
    } else {
        3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(legal_name: &str, phone: &str) -> PrivateForm {
        PrivateForm { legal_name: legal_name.into(), phone: phone.into() }
    }

    #[test]
    fn a_number_is_kept_as_it_is_dialled_from_anywhere() {
        for typed in ["+49 30 901820", "0049 (30) 901-820", "+49.30.901820", " +4930901820 "] {
            assert_eq!(form("", typed).validate().unwrap().phone.as_deref(), Some("+4930901820"), "{typed}");
        }
        for wrong in
            ["030 901820", "+49", "+0 30 901820", "+49 30 CALLME", "+1234567890123456", "+４９30901820"]
        {
            assert!(form("", wrong).validate().unwrap_err().get("phone").is_some(), "{wrong}");
        }
    }

    #[test]
    fn a_zero_that_is_dialled_within_the_country_alone_is_never_kept() {
        for (typed, kept) in [
            ("0049 (0)30/90 18-20", "+4930901820"),
            ("+49 ( 0 ) 30 901820", "+4930901820"),
            ("+49(0)(30)901820", "+4930901820"),
            ("+44 (0)20 7946 0018", "+442079460018"),
            ("+353 (0)1 679 1234", "+35316791234"),
            // In Italy it is part of the number, abroad as well.
            ("+39 06 698 12345", "+390669812345"),
            ("0039 (0)6 698 12345", "+390669812345"),
        ] {
            assert_eq!(form("", typed).validate().unwrap().phone.as_deref(), Some(kept), "{typed}");
        }
        for doubtful in ["+49 030 901820", "0049 (030) 901820", "+49030901820", "+49 (0)(0)30 901820"] {
            let errors = form("", doubtful).validate().unwrap_err();
            assert!(errors.get("phone").is_some(), "{doubtful}");
        }
        let errors = form("", "+44 020 7946 0018").validate().unwrap_err();
        assert!(errors.get("phone").unwrap().contains("the 0 after +44"));
        for elsewhere in ["(0)30 901820", "+49 30 (0) 901820", "+(0)49 30 901820"] {
            assert!(form("", elsewhere).validate().is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn both_may_be_left_out_and_neither_is_shown_in_logs() {
        let nothing = form(" ", "").validate().unwrap();
        assert_eq!((nothing.legal_name, nothing.phone), (None, None));
        let form = form("Augusta Ada King", "+4930901820");
        let shown = format!("{form:?} {:?}", form.validate().unwrap());
        assert!(!shown.contains("Ada") && !shown.contains("901820"), "{shown}");
        assert_eq!(PrivateForm::from(form.validate().unwrap()), form);
    }
}
