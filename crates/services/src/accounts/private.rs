//! What a person told us that nobody else sees; it is sealed where it is stored.

use domain::{
    UserId,
    private::{PrivateDetails, PrivateForm},
};
use identity::Principal;
use secrecy::ExposeSecret as _;
use storage::private_details::{self, Sealed};

use super::{act_as, sessions::Device};
use crate::{
    Result, ServiceError, Services,
    audit::{self, Act},
    vault::{Purpose, Vault},
};

/// One's own private details. Whoever looks at another's pages finds none.
pub async fn private_details(services: &Services, who: &Principal) -> Result<PrivateDetails> {
    if who.viewed_by.is_some() {
        return Ok(PrivateDetails::default());
    }
    private_details_of(services, who.user_id).await
}

/// The private details of a person, to be told to nobody else.
pub(crate) async fn private_details_of(services: &Services, owner: UserId) -> Result<PrivateDetails> {
    let mut tx = services.database.begin_as(owner).await?;
    let sealed = private_details::of_user(&mut *tx, owner).await?;
    tx.commit().await?;
    let vault = &services.vault;
    Ok(PrivateDetails {
        legal_name: open(vault, Purpose::LegalName, owner, sealed.legal_name).await?,
        phone: open(vault, Purpose::Phone, owner, sealed.phone).await?,
    })
}

/// Changes one's own private details. The log tells which there are, not what they say.
pub async fn change_private_details(
    services: &Services,
    who: &Principal,
    form: &PrivateForm,
    device: &Device,
) -> Result<()> {
    let details = form.validate()?;
    let (vault, owner) = (&services.vault, who.user_id);
    let sealed = Sealed {
        legal_name: seal(vault, Purpose::LegalName, owner, details.legal_name.as_deref()).await?,
        phone: seal(vault, Purpose::Phone, owner, details.phone.as_deref()).await?,
    };
    let mut tx = act_as(services, who).await?;
    let before = private_details::of_user(&mut *tx, owner).await?;
    private_details::set(&mut tx, owner, &sealed, services.now()).await?;
    let act = Act::of(owner, "private_details.changed").before(&filled(&before)).after(&filled(&sealed));
    audit::record(services, &mut tx, act, device).await?;
    tx.commit().await?;
    Ok(())
}

/// The names of the fields that say something.
fn filled(details: &Sealed) -> Vec<&'static str> {
    let fields = [("legal_name", details.legal_name.is_some()), ("phone", details.phone.is_some())];
    fields.into_iter().filter(|(_, filled)| *filled).map(|(name, _)| name).collect()
}

async fn seal(vault: &Vault, purpose: Purpose, owner: UserId, text: Option<&str>) -> Result<Option<Vec<u8>>> {
    match text {
        Some(text) => Ok(Some(vault.seal(purpose, owner.uuid(), text.as_bytes()).await?)),
        None => Ok(None),
    }
}

async fn open(
    vault: &Vault,
    purpose: Purpose,
    owner: UserId,
    sealed: Option<Vec<u8>>,
) -> Result<Option<String>> {
    let Some(sealed) = sealed else { return Ok(None) };
    let opened = vault.open(purpose, owner.uuid(), &sealed).await?;
    let text = String::from_utf8(opened.expose_secret().to_vec()).map_err(ServiceError::internal)?;
    Ok(Some(text))
}
