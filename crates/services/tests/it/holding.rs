//! Holding somebody's account, so that others wait for it.

use identity::Principal;
use sqlx::{Postgres, Transaction};
use test_support::World;

/// Holds the row of somebody's account, as what changes it does.
pub(crate) async fn hold(world: &World, person: &Principal) -> Transaction<'static, Postgres> {
    let mut tx = world.pool().begin().await.unwrap();
    sqlx::query("select from auth.users where id = $1 for update")
        .bind(person.user_id.uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}
