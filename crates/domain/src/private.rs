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

/// A number as it is dialled from anywhere, however it is set apart.
fn phone(text: &str) -> Result<String, String> {
    let wrong = || "Please give the number with its country, such as +49 30 901820.".to_owned();
    let kept: String =
        text.trim().chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let digits = kept.strip_prefix('+').or_else(|| kept.strip_prefix("00")).ok_or_else(wrong)?;
    let plausible = (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if plausible { Ok(format!("+{digits}")) } else { Err(wrong()) }
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
    fn both_may_be_left_out_and_neither_is_shown_in_logs() {
        let nothing = form(" ", "").validate().unwrap();
        assert_eq!((nothing.legal_name, nothing.phone), (None, None));
        let form = form("Augusta Ada King", "+4930901820");
        let shown = format!("{form:?} {:?}", form.validate().unwrap());
        assert!(!shown.contains("Ada") && !shown.contains("901820"), "{shown}");
        assert_eq!(PrivateForm::from(form.validate().unwrap()), form);
    }
}
