#![allow(clippy::unwrap_used)]

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{authenticator::Authenticator, *};

const ORIGIN: &str = "https://8thdegree.example";

fn site() -> RelyingParty {
    RelyingParty::new(ORIGIN).unwrap()
}

fn ada() -> Email {
    Email::parse("ada@example.com").unwrap()
}

/// What it is after having been stored.
fn stored<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn start_registration(user_id: UserId, known: &[Passkey]) -> Started<Registration> {
    let email = ada();
    site().start_registration(&Account { user_id, email: &email, display_name: "Ada" }, known).unwrap()
}

fn register(user_id: UserId, device: &mut Authenticator) -> Result<Passkey, Error> {
    let started = start_registration(user_id, &[]);
    let answer = device.create(&started.options).to_string();
    site().finish_registration(user_id, &stored(&started.state), &answer).map(|passkey| stored(&passkey))
}

fn answer(json: &Value) -> Answer {
    Answer::parse(&json.to_string()).unwrap()
}

fn sign_in(owner: UserId, device: &mut Authenticator, passkey: &mut Passkey) -> Result<(), Error> {
    let started = site().start_sign_in(false).unwrap();
    let answer = answer(&device.get(&started.options));
    assert_eq!(answer.credential_id(), passkey.credential_id());
    site().finish_sign_in(owner, stored(&started.state), &answer, passkey)
}

fn confirm(user_id: UserId, device: &mut Authenticator, passkey: &mut Passkey) -> Result<(), Error> {
    let started = site().start_confirmation(user_id, std::slice::from_ref(passkey)).unwrap();
    let answer = answer(&device.get(&started.options));
    site().finish_confirmation(user_id, &stored(&started.state), &answer, passkey)
}

fn registered() -> (UserId, Authenticator, Passkey) {
    let (user_id, mut device) = (UserId::new(), Authenticator::new(ORIGIN));
    let passkey = register(user_id, &mut device).unwrap();
    (user_id, device, passkey)
}

#[test]
fn a_passkey_signs_its_owner_in_without_a_name_and_confirms_who_they_are() {
    let (user_id, mut device, mut passkey) = registered();
    assert_eq!(passkey.credential_id(), device.credential_id);
    sign_in(user_id, &mut device, &mut passkey).unwrap();
    confirm(user_id, &mut device, &mut passkey).unwrap();
    assert_eq!(passkey.counter(), device.counter);
    assert_eq!(stored(&passkey).counter(), device.counter);
}

#[test]
fn the_browser_is_asked_for_a_passkey_that_verifies_and_is_found_without_a_name() {
    let (user_id, _, passkey) = registered();
    let started = start_registration(user_id, std::slice::from_ref(&passkey));
    let options: Value = serde_json::from_str(&started.options).unwrap();
    let options = &options["publicKey"];
    assert_eq!(options["rp"]["id"], "8thdegree.example");
    assert_eq!(options["rp"]["name"], "8thDegree");
    assert_eq!(options["user"]["name"], "ada@example.com");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["requireResidentKey"], true);
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["timeout"], 300_000);
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
}

#[test]
fn signing_in_names_nobody_and_confirming_names_the_persons_passkeys() {
    let (user_id, _, passkey) = registered();
    let options = |json: &str| serde_json::from_str::<Value>(json).unwrap();
    let asked = options(&site().start_sign_in(false).unwrap().options);
    assert_eq!(asked["publicKey"]["allowCredentials"], Value::Array(Vec::new()));
    assert_eq!(asked["publicKey"]["userVerification"], "required");
    assert_eq!(asked.get("mediation"), None);
    let offered = options(&site().start_sign_in(true).unwrap().options);
    assert_eq!(offered["mediation"], "conditional");
    let confirmed = options(&site().start_confirmation(user_id, &[passkey]).unwrap().options);
    assert_eq!(confirmed["publicKey"]["allowCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(confirmed["publicKey"]["userVerification"], "required");
}

#[test]
fn a_device_that_does_not_verify_the_person_is_refused_at_every_step() {
    let user_id = UserId::new();
    let mut careless = Authenticator::new(ORIGIN);
    careless.verifies = false;
    assert!(matches!(register(user_id, &mut careless), Err(Error::Refused(WebauthnError::UserNotVerified))));
    let (user_id, mut device, mut passkey) = registered();
    device.verifies = false;
    for result in [sign_in(user_id, &mut device, &mut passkey), confirm(user_id, &mut device, &mut passkey)] {
        assert!(matches!(result, Err(Error::Refused(WebauthnError::UserNotVerified))), "{result:?}");
    }
}

#[test]
fn an_answer_from_another_site_is_refused() {
    let user_id = UserId::new();
    let elsewhere = "https://8thdegree.example.evil.example";
    let refused = register(user_id, &mut Authenticator::new(elsewhere));
    assert!(matches!(refused, Err(Error::Refused(WebauthnError::InvalidRPOrigin))), "{refused:?}");
    let (user_id, mut device, mut passkey) = registered();
    for origin in [elsewhere, "https://8thdegree.example:8443", "http://8thdegree.example"] {
        device.origin = origin.to_owned();
        let refused = sign_in(user_id, &mut device, &mut passkey);
        assert!(
            matches!(refused, Err(Error::Refused(WebauthnError::InvalidRPOrigin))),
            "{origin}: {refused:?}"
        );
    }
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let (user_id, mut device, mut passkey) = registered();
    let (one, other) = (site().start_sign_in(false).unwrap(), site().start_sign_in(false).unwrap());
    let old = answer(&device.get(&one.options));
    let refused = site().finish_sign_in(user_id, other.state, &old, &mut passkey);
    assert!(matches!(refused, Err(Error::Refused(WebauthnError::MismatchedChallenge))), "{refused:?}");
    let started = start_registration(user_id, &[]);
    let old = Authenticator::new(ORIGIN).create(&start_registration(user_id, &[]).options).to_string();
    let refused = site().finish_registration(user_id, &started.state, &old);
    assert!(matches!(refused, Err(Error::Refused(WebauthnError::MismatchedChallenge))), "{refused:?}");
}

#[test]
fn a_forged_signature_is_refused() {
    let (user_id, mut device, mut passkey) = registered();
    let mut forger = Authenticator::new(ORIGIN);
    forger.credential_id.clone_from(&device.credential_id);
    forger.user_handle.clone_from(&device.user_handle);
    forger.counter = 1000;
    let refused = sign_in(user_id, &mut forger, &mut passkey);
    assert!(matches!(refused, Err(Error::Refused(WebauthnError::AuthenticationFailure))), "{refused:?}");
    let started = site().start_sign_in(false).unwrap();
    let mut altered = device.get(&started.options);
    altered["response"]["authenticatorData"] =
        forger.get(&started.options)["response"]["authenticatorData"].clone();
    let refused = site().finish_sign_in(user_id, started.state, &answer(&altered), &mut passkey);
    assert!(matches!(refused, Err(Error::Refused(WebauthnError::AuthenticationFailure))), "{refused:?}");
}

#[test]
fn a_passkey_of_somebody_else_does_not_help() {
    let (user_id, mut device, mut passkey) = registered();
    let (other_id, mut other_device, mut other_passkey) = registered();
    // The other's own passkey, for this person's question.
    let started = site().start_confirmation(user_id, std::slice::from_ref(&passkey)).unwrap();
    other_device.user_handle = None;
    let theirs = answer(&other_device.get(&started.options));
    let refused = site().finish_confirmation(user_id, &started.state, &theirs, &mut other_passkey);
    assert!(matches!(refused, Err(Error::Refused(WebauthnError::CredentialNotFound))), "{refused:?}");
    // The right passkey, that says it is the other's.
    device.user_handle = Some(other_id.uuid().as_bytes().to_vec());
    assert!(matches!(confirm(user_id, &mut device, &mut passkey), Err(Error::Foreign)));
    assert!(matches!(sign_in(user_id, &mut device, &mut passkey), Err(Error::Foreign)));
    // A question asked of the other.
    let started = start_registration(other_id, &[]);
    let made = Authenticator::new(ORIGIN).create(&started.options).to_string();
    assert!(matches!(site().finish_registration(user_id, &started.state, &made), Err(Error::Foreign)));
    let started = site().start_confirmation(other_id, std::slice::from_ref(&passkey)).unwrap();
    let right = answer(&device.get(&started.options));
    let refused = site().finish_confirmation(user_id, &started.state, &right, &mut passkey);
    assert!(matches!(refused, Err(Error::Foreign)));
}

#[test]
fn a_device_need_not_say_whose_it_is_to_confirm_but_must_to_sign_in() {
    let (user_id, mut device, mut passkey) = registered();
    device.user_handle = None;
    confirm(user_id, &mut device, &mut passkey).unwrap();
    device.user_handle = Some(Vec::new());
    confirm(user_id, &mut device, &mut passkey).unwrap();
    assert!(matches!(sign_in(user_id, &mut device, &mut passkey), Err(Error::Foreign)));
}

#[test]
fn a_counter_that_does_not_grow_betrays_a_copy() {
    let (user_id, mut device, mut passkey) = registered();
    sign_in(user_id, &mut device, &mut passkey).unwrap();
    device.counter -= 1;
    assert!(matches!(sign_in(user_id, &mut device, &mut passkey), Err(Error::Copied)));
    device.counter -= 1;
    assert!(matches!(confirm(user_id, &mut device, &mut passkey), Err(Error::Copied)));
    sign_in(user_id, &mut device, &mut passkey).unwrap();
}

#[test]
fn the_counter_is_compared_with_the_latest_use_and_not_with_the_beginning() {
    let (user_id, mut device, mut passkey) = registered();
    let started = site().start_confirmation(user_id, std::slice::from_ref(&passkey)).unwrap();
    let first = answer(&device.get(&started.options));
    sign_in(user_id, &mut device, &mut passkey).unwrap();
    let late = site().finish_confirmation(user_id, &started.state, &first, &mut passkey);
    assert!(matches!(late, Err(Error::Copied)), "{late:?}");
}

#[test]
fn a_synced_passkey_does_not_count_and_tells_when_it_is_backed_up() {
    let (user_id, mut device) = (UserId::new(), Authenticator::new(ORIGIN));
    (device.counts, device.synced) = (false, true);
    let mut passkey = register(user_id, &mut device).unwrap();
    assert!(passkey.is_synced());
    for _ in 0..3 {
        sign_in(user_id, &mut device, &mut passkey).unwrap();
        confirm(user_id, &mut device, &mut passkey).unwrap();
    }
    assert_eq!(passkey.counter(), 0);
    assert!(!registered().2.is_synced());
}

#[test]
fn a_passkey_is_registered_once() {
    let (user_id, mut device, passkey) = registered();
    let started = start_registration(user_id, &[passkey]);
    let again = device.create(&started.options).to_string();
    let refused = site().finish_registration(user_id, &started.state, &again);
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}

#[test]
fn what_is_no_answer_or_too_long_is_refused() {
    for wrong in ["", "null", "{}", "[]", "{\"id\":\"x\"}"] {
        assert!(matches!(Answer::parse(wrong), Err(Error::Json(_))), "{wrong}");
    }
    let (user_id, mut device, _) = registered();
    let long = " ".repeat(64 * 1024 + 1);
    assert!(matches!(Answer::parse(&long), Err(Error::TooLong)));
    let started = start_registration(user_id, &[]);
    assert!(matches!(
        site().finish_registration(user_id, &started.state, &(long + "{}")),
        Err(Error::TooLong)
    ));
    device.credential_id = vec![7; 1024];
    assert!(matches!(register(user_id, &mut device), Err(Error::TooLong)));
}
