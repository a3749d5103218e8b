//! The keys that seal values, and the walk over the columns that hold sealed values.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, Row as _};
use uuid::Uuid;

use crate::Result;

/// A key as it is stored.
pub struct StoredKey {
    pub id: Uuid,
    /// The name of the operator's key that wraps it.
    pub kek: String,
    pub wrapped: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub retired_at: Option<DateTime<Utc>>,
}

/// All keys, newest first: the first is the one that seals, unless it is retired.
pub async fn keys(db: impl PgExecutor<'_>) -> Result<Vec<StoredKey>> {
    Ok(sqlx::query_as!(
        StoredKey,
        "select id, kek, wrapped, created_at, retired_at from auth.data_keys
         order by retired_at desc nulls first, id desc",
    )
    .fetch_all(db)
    .await?)
}

/// Adds the key that seals from now on; false if there is one already.
pub async fn insert(
    db: impl PgExecutor<'_>,
    id: Uuid,
    kek: &str,
    wrapped: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into auth.data_keys (id, kek, wrapped, created_at) values ($1, $2, $3, $4)
         on conflict ((true)) where retired_at is null do nothing",
        id,
        kek,
        wrapped,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Retires the key that seals.
pub async fn retire(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update auth.data_keys set retired_at = $1 where retired_at is null", now)
        .execute(db)
        .await?;
    Ok(())
}

/// Stores a key as another of the operator's keys wraps it.
pub async fn rewrap(db: &mut PgConnection, id: Uuid, kek: &str, wrapped: &[u8]) -> Result<()> {
    sqlx::query!("update auth.data_keys set kek = $2, wrapped = $3 where id = $1", id, kek, wrapped)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes a key that is retired.
pub async fn delete(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("delete from auth.data_keys where id = $1 and retired_at is not null", id)
        .execute(db)
        .await?;
    Ok(())
}

/// Where sealed values are: names of the schema, never anything from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub table: &'static str,
    /// A unique column of type `uuid`.
    pub key: &'static str,
    /// Whose the value is, as it was sealed; the key again where it is nobody's.
    pub owner: &'static str,
    pub column: &'static str,
}

/// A sealed value and where it is.
pub struct Sealed {
    pub key: Uuid,
    pub owner: Uuid,
    pub sealed: Vec<u8>,
}

/// The rows, in their order and at most `limit`, whose value another key than `current` has sealed.
pub async fn sealed_otherwise(
    db: impl PgExecutor<'_>,
    Column { table, key, column, .. }: Column,
    current: Uuid,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>> {
    // The key's identifier stands behind the version, which is one byte.
    let sql = format!(
        "select {key} from {table}
         where {column} is not null and substring({column} from 2 for 16) <> $1 and {key} > $2
         order by {key} limit $3"
    );
    let rows = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(current.as_bytes().as_slice())
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await?;
    Ok(rows)
}

/// The value of one row; none if the row is gone or has none.
pub async fn sealed(db: impl PgExecutor<'_>, at: Column, row: Uuid) -> Result<Option<Sealed>> {
    let Column { table, key, owner, column } = at;
    let sql = format!("select {owner}, {column} from {table} where {key} = $1 and {column} is not null");
    let found = sqlx::query(AssertSqlSafe(sql)).bind(row).fetch_optional(db).await?;
    found
        .map(|found| Ok(Sealed { key: row, owner: found.try_get(0)?, sealed: found.try_get(1)? }))
        .transpose()
}

/// Puts a value that was sealed anew in the place of the former; what somebody has written there
/// meanwhile stays.
pub async fn replace_sealed(db: impl PgExecutor<'_>, at: Column, former: &Sealed, new: &[u8]) -> Result<()> {
    let Column { table, key, column, .. } = at;
    let sql = format!("update {table} set {column} = $3 where {key} = $1 and {column} = $2");
    sqlx::query(AssertSqlSafe(sql)).bind(former.key).bind(&former.sealed).bind(new).execute(db).await?;
    Ok(())
}

/// How many values of a column a key has sealed.
pub async fn sealed_by(
    db: impl PgExecutor<'_>,
    Column { table, column, .. }: Column,
    id: Uuid,
) -> Result<i64> {
    let sql = format!("select count(*) from {table} where substring({column} from 2 for 16) = $1");
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.as_bytes().as_slice()).fetch_one(db).await?)
}
