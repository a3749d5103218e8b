//! What the tests do to somebody's account.

use identity::Principal;
use secrecy::ExposeSecret as _;
use services::accounts::second_factor as factors;
use sqlx::{Postgres, Transaction};
use test_support::World;

/// Holds the row of somebody's account, as what changes it does, so that others wait for it.
pub(crate) async fn hold(world: &World, person: &Principal) -> Transaction<'static, Postgres> {
    let mut tx = world.pool().begin().await.unwrap();
    sqlx::query("select from auth.users where id = $1 for update")
        .bind(person.user_id.uuid())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

pub(crate) async fn make_admin(world: &World, person: &Principal) {
    sqlx::query("insert into auth.user_roles values ($1, 'admin')")
        .bind(person.user_id.uuid())
        .execute(world.pool())
        .await
        .unwrap();
}

/// Begins to set an authenticator app up, as its owner does; gives its key.
pub(crate) async fn begin_app(world: &World, owner: &Principal) -> String {
    factors::begin_app(&world.services, owner).await.unwrap();
    let begun = factors::begun_app(&world.services, owner).await.unwrap().unwrap();
    begun.manual_key.expose_secret().to_owned()
}
