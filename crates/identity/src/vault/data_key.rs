//! The key that seals values, and the form of a sealed value: a version, the key's identifier, a
//! nonce, and the ciphertext.

use secrecy::SecretSlice;
use uuid::Uuid;

use super::{Purpose, VaultError, cipher::Key, ring::KeyRing};
use crate::token::NoRandomness;

const VERSION: u8 = 1;
const ID_BYTES: usize = 16;

/// Seals and opens values. Where it is stored it is wrapped by a key of the ring.
pub struct DataKey {
    id: Uuid,
    key: Key,
}

impl DataKey {
    pub fn generate() -> Result<Self, NoRandomness> {
        Ok(Self { id: Uuid::now_v7(), key: Key::generate()? })
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What may be stored of the key, with the name of the ring's key that wraps it: its newest.
    pub fn wrap<'a>(&self, ring: &'a KeyRing) -> Result<(&'a str, Vec<u8>), VaultError> {
        let (name, newest) = ring.newest();
        Ok((name, newest.encrypt(self.key.as_bytes(), &wrapped_for(self.id, name))?))
    }

    /// The key behind what [`wrap`](Self::wrap) gave.
    ///
    /// # Errors
    /// [`VaultError::KeyMissing`] where the ring has no key of that name, and
    /// [`VaultError::DoesNotOpen`] where it has another one of that name.
    pub fn unwrap(id: Uuid, ring: &KeyRing, name: &str, wrapped: &[u8]) -> Result<Self, VaultError> {
        let kek = ring.get(name).ok_or(VaultError::KeyMissing)?;
        let bytes = kek.decrypt(wrapped, &wrapped_for(id, name))?;
        let key =
            Key::from_bytes(secrecy::ExposeSecret::expose_secret(&bytes)).ok_or(VaultError::NotSealed)?;
        Ok(Self { id, key })
    }

    /// Seals a value of `owner`: a person, or the row itself where it is nobody's.
    pub fn seal(&self, purpose: Purpose, owner: Uuid, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let encrypted = self.key.encrypt(plaintext, &sealed_for(self.id, purpose, owner))?;
        Ok([&[VERSION], self.id.as_bytes().as_slice(), &encrypted].concat())
    }

    /// Opens what this key has sealed for the same purpose and owner.
    pub fn open(&self, purpose: Purpose, owner: Uuid, sealed: &[u8]) -> Result<SecretSlice<u8>, VaultError> {
        if key_of(sealed)? != self.id {
            return Err(VaultError::DoesNotOpen);
        }
        self.key.decrypt(&sealed[1 + ID_BYTES..], &sealed_for(self.id, purpose, owner))
    }
}

/// The key that sealed a value.
pub fn key_of(sealed: &[u8]) -> Result<Uuid, VaultError> {
    match sealed.split_first() {
        Some((&VERSION, rest)) => {
            let id = rest.first_chunk::<ID_BYTES>().ok_or(VaultError::NotSealed)?;
            Ok(Uuid::from_bytes(*id))
        }
        _ => Err(VaultError::NotSealed),
    }
}

/// What is authenticated with a sealed value. Only its first part varies in length, and no purpose
/// is the beginning of another with a line's end behind it.
fn sealed_for(key: Uuid, purpose: Purpose, owner: Uuid) -> Vec<u8> {
    [b"8thdegree sealed 1 ", purpose.name().as_bytes(), b"\n", owner.as_bytes(), key.as_bytes()].concat()
}

fn wrapped_for(key: Uuid, kek: &str) -> Vec<u8> {
    [b"8thdegree wrapped 1 ".as_slice(), kek.as_bytes(), b"\n", key.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn ring(names: &[&str]) -> KeyRing {
        let lines: Vec<String> = names
            .iter()
            .map(|name| KeyRing::generate_line(name).unwrap().expose_secret().to_owned())
            .collect();
        KeyRing::parse(&lines.join("\n").into()).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_for_its_owner_and_purpose_alone() {
        let (key, owner) = (DataKey::generate().unwrap(), Uuid::now_v7());
        let sealed = key.seal(Purpose::Phone, owner, b"+49 30 1234").unwrap();
        assert_eq!(key_of(&sealed), Ok(key.id()));
        assert!(!sealed.windows(4).any(|part| part == b"1234"));
        let opened = key.open(Purpose::Phone, owner, &sealed).unwrap();
        assert_eq!(opened.expose_secret(), b"+49 30 1234");
        let refused = |opened: Result<SecretSlice<u8>, VaultError>| opened.unwrap_err();
        assert_eq!(refused(key.open(Purpose::LegalName, owner, &sealed)), VaultError::DoesNotOpen);
        assert_eq!(refused(key.open(Purpose::Phone, Uuid::now_v7(), &sealed)), VaultError::DoesNotOpen);
        let other = DataKey::generate().unwrap();
        assert_eq!(refused(other.open(Purpose::Phone, owner, &sealed)), VaultError::DoesNotOpen);
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        let (key, owner) = (DataKey::generate().unwrap(), Uuid::now_v7());
        let seal = || key.seal(Purpose::TotpSecret, owner, b"the same").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_wrapped_key_opens_with_its_own_ring_alone() {
        let ring_of_two = ring(&["new", "old"]);
        let (key, owner) = (DataKey::generate().unwrap(), Uuid::now_v7());
        let sealed = key.seal(Purpose::Phone, owner, b"secret").unwrap();
        let (name, wrapped) = key.wrap(&ring_of_two).unwrap();
        assert_eq!(name, "new");
        let back = DataKey::unwrap(key.id(), &ring_of_two, name, &wrapped).unwrap();
        assert_eq!(back.open(Purpose::Phone, owner, &sealed).unwrap().expose_secret(), b"secret");
        let refused = |id, ring: &KeyRing, name| DataKey::unwrap(id, ring, name, &wrapped).err().unwrap();
        assert_eq!(refused(key.id(), &ring_of_two, "old"), VaultError::DoesNotOpen);
        assert_eq!(refused(key.id(), &ring(&["new"]), "new"), VaultError::DoesNotOpen);
        assert_eq!(refused(key.id(), &ring(&["another"]), "new"), VaultError::KeyMissing);
        assert_eq!(refused(Uuid::now_v7(), &ring_of_two, "new"), VaultError::DoesNotOpen);
    }

    proptest! {
        #[test]
        fn a_value_that_was_changed_or_cut_does_not_open(at in 0_usize..64, bit in 0_u8..8, cut in 0_usize..64) {
            let (key, owner) = (DataKey::generate().unwrap(), Uuid::now_v7());
            let sealed = key.seal(Purpose::ExternalToken, owner, b"a token of nineteen").unwrap();
            prop_assert_eq!(sealed.len(), 64);
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            prop_assert!(key.open(Purpose::ExternalToken, owner, &changed).is_err());
            prop_assert!(key.open(Purpose::ExternalToken, owner, &sealed[..cut]).is_err());
        }

        #[test]
        fn nothing_that_is_no_sealed_value_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let key = DataKey::generate().unwrap();
            prop_assert!(key.open(Purpose::Phone, Uuid::nil(), &bytes).is_err());
        }
    }
}
