//! Organisations that sign their people in with an issuer of their own.

mod domains;
mod people;

use chrono::{DateTime, Utc};
use domain::{OrganisationId, UserId, organisation::RoleMapping, place::Region, role::Role};
use sqlx::{PgConnection, PgExecutor};

pub use self::{
    domains::{
        Domain, PROVED_ONCE, Proved, add_domain, checked, domain, domains, due, forget_proof, prove,
        remove_domain,
    },
    people::{
        Identity, SUBJECT_UNIQUE, add_manager, delete_identities, end_other_sessions, gives_roles_to,
        identities_of, identity_owner, insert_identity, is_manager, lets_in, managers, manages, people,
        touch_identity,
    },
};
use crate::{Result, error::stored};

#[derive(Clone, Debug)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    pub region: Region,
    pub issuer: Option<Issuer>,
    pub groups_claim: Option<String>,
    pub default_role: Option<Role>,
    pub revision: i32,
    pub tried_at: Option<DateTime<Utc>>,
    pub required: bool,
}

#[derive(Clone, Debug)]
pub struct Issuer {
    pub issuer: String,
    pub client_id: String,
    pub client_secret_sealed: Vec<u8>,
    pub scopes: Vec<String>,
}

struct Row {
    id: uuid::Uuid,
    name: String,
    region: String,
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret_sealed: Option<Vec<u8>>,
    scopes: Vec<String>,
    groups_claim: Option<String>,
    default_role: Option<String>,
    revision: i32,
    tried_at: Option<DateTime<Utc>>,
    required: bool,
}

impl TryFrom<Row> for Organisation {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        let issuer = match (row.issuer, row.client_id, row.client_secret_sealed) {
            (Some(issuer), Some(client_id), Some(client_secret_sealed)) => {
                Some(Issuer { issuer, client_id, client_secret_sealed, scopes: row.scopes })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            region: stored("region", &row.region)?,
            issuer,
            groups_claim: row.groups_claim,
            default_role: row.default_role.map(|role| stored("role", &role)).transpose()?,
            revision: row.revision,
            tried_at: row.tried_at,
            required: row.required,
        })
    }
}

pub async fn insert(
    db: &mut PgConnection,
    id: OrganisationId,
    name: &str,
    region: Region,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into auth.organisations (id, name, region, created_at) values ($1, $2, $3, $4)",
        id.uuid(),
        name,
        region.as_str(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn by_id(db: impl PgExecutor<'_>, id: OrganisationId) -> Result<Option<Organisation>> {
    sqlx::query_as!(
        Row,
        "select id, name, region, issuer, client_id, client_secret_sealed, scopes, groups_claim, default_role,
                revision, tried_at, required
         from auth.organisations where id = $1",
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Organisation::try_from)
    .transpose()
}

/// The organisation that a person sets up; it stays as it is until the transaction ends. Whoever is just
/// being connected with it is not kept waiting, for they hold an account that may be waited for.
pub async fn of_manager(db: &mut PgConnection, manager: UserId) -> Result<Option<Organisation>> {
    sqlx::query_as!(
        Row,
        "select o.id, o.name, o.region, o.issuer, o.client_id, o.client_secret_sealed, o.scopes, o.groups_claim,
                o.default_role, o.revision, o.tried_at, o.required
         from auth.organisations o join auth.organisation_managers m on m.organisation_id = o.id
         where m.user_id = $1 for no key update of o",
        manager.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Organisation::try_from)
    .transpose()
}

/// The organisation that has proved to hold a domain and has an issuer.
pub async fn of_domain(db: impl PgExecutor<'_>, domain: &str) -> Result<Option<Organisation>> {
    sqlx::query_as!(
        Row,
        "select o.id, o.name, o.region, o.issuer, o.client_id, o.client_secret_sealed, o.scopes, o.groups_claim,
                o.default_role, o.revision, o.tried_at, o.required
         from auth.organisations o join auth.organisation_domains d on d.organisation_id = o.id
         where d.domain = $1 and d.proved_at is not null and o.issuer is not null",
        domain,
    )
    .fetch_optional(db)
    .await?
    .map(Organisation::try_from)
    .transpose()
}

/// Whether an organisation lets people with addresses of this domain in by its issuer alone.
pub async fn is_required(db: impl PgExecutor<'_>, domain: &str) -> Result<bool> {
    let required = sqlx::query_scalar!(
        r#"select exists (
               select from auth.organisation_domains d join auth.organisations o on o.id = d.organisation_id
               where d.domain = $1 and d.proved_at is not null and o.required
           ) as "is!""#,
        domain,
    )
    .fetch_one(db)
    .await?;
    Ok(required)
}

/// The same of a person's address; administrators belong to no organisation.
pub async fn is_required_of(db: impl PgExecutor<'_>, user_id: UserId) -> Result<bool> {
    let required = sqlx::query_scalar!(
        r#"select exists (
               select from auth.users u
               join auth.organisation_domains d on d.domain = split_part(u.email, '@', 2)
               join auth.organisations o on o.id = d.organisation_id
               where u.id = $1 and d.proved_at is not null and o.required
                 and not exists (select from auth.user_roles r
                                 where r.user_id = u.id and r.role in ('admin', 'superadmin'))
           ) as "is!""#,
        user_id.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok(required)
}

/// Sets the issuer. Whether it lets people in is to be shown anew, and until then nobody must use it.
pub async fn set_issuer(db: &mut PgConnection, id: OrganisationId, issuer: &Issuer) -> Result<()> {
    sqlx::query!(
        "update auth.organisations
         set issuer = $2, client_id = $3, client_secret_sealed = $4, scopes = $5, revision = revision + 1,
             tried_at = null, required = false
         where id = $1",
        id.uuid(),
        issuer.issuer,
        issuer.client_id,
        issuer.client_secret_sealed,
        &issuer.scopes,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets which roles follow from what the issuer says.
pub async fn set_mapping(
    db: &mut PgConnection,
    id: OrganisationId,
    groups_claim: Option<&str>,
    mapping: &RoleMapping,
) -> Result<()> {
    sqlx::query!(
        "update auth.organisations set groups_claim = $2, default_role = $3, revision = revision + 1 where id = $1",
        id.uuid(),
        groups_claim,
        mapping.otherwise.map(Role::as_str),
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("delete from auth.organisation_groups where organisation_id = $1", id.uuid())
        .execute(&mut *db)
        .await?;
    let (groups, roles): (Vec<String>, Vec<String>) =
        mapping.groups.iter().map(|(group, role)| (group.clone(), role.to_string())).unzip();
    sqlx::query!(
        "insert into auth.organisation_groups (organisation_id, group_name, role)
         select $1, group_name, role from unnest($2::text[], $3::text[]) as of_groups (group_name, role)",
        id.uuid(),
        &groups,
        &roles,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Which roles follow from what the issuer says.
pub async fn mapping(db: impl PgExecutor<'_>, organisation: &Organisation) -> Result<RoleMapping> {
    let rows = sqlx::query!(
        "select group_name, role from auth.organisation_groups where organisation_id = $1 order by group_name, role",
        organisation.id.uuid(),
    )
    .fetch_all(db)
    .await?;
    let groups = rows.into_iter().map(|row| Ok((row.group_name, stored("role", &row.role)?)));
    Ok(RoleMapping { groups: groups.collect::<Result<_>>()?, otherwise: organisation.default_role })
}

/// Notes that the issuer let somebody in who sets it up; false if its settings have changed meanwhile.
pub async fn tried(
    db: impl PgExecutor<'_>,
    id: OrganisationId,
    revision: i32,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update auth.organisations set tried_at = $3 where id = $1 and revision = $2",
        id.uuid(),
        revision,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn set_required(db: &mut PgConnection, id: OrganisationId, required: bool) -> Result<()> {
    sqlx::query!("update auth.organisations set required = $2 where id = $1", id.uuid(), required)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn delete(db: &mut PgConnection, id: OrganisationId) -> Result<()> {
    sqlx::query!("delete from auth.organisations where id = $1", id.uuid()).execute(db).await?;
    Ok(())
}
