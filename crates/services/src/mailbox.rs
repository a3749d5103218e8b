//! The letters of a demonstration, which everybody may read: it sends none to anybody.

pub use mail::folder::{Kept, Listed};
use uuid::Uuid;

use crate::{Result, ServiceError, Services};

/// Whether there is a mailbox to be read here.
pub fn is_here(services: &Services) -> bool {
    services.mailbox.is_some()
}

/// The letters, the newest first.
pub async fn list(services: &Services) -> Result<Vec<Listed>> {
    let folder = services.mailbox.as_ref().ok_or(ServiceError::NotFound("mailbox"))?;
    folder.list().await.map_err(ServiceError::internal)
}

/// One letter.
pub async fn read(services: &Services, id: Uuid) -> Result<Kept> {
    let folder = services.mailbox.as_ref().ok_or(ServiceError::NotFound("mailbox"))?;
    folder.read(id).await.map_err(ServiceError::internal)?.ok_or(ServiceError::NotFound("letter"))
}
