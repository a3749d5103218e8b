//! Freelancers' profiles.

use chrono::{DateTime, Utc};
use domain::{
    UserId,
    money::Money,
    place::{Region, UtcOffset},
    profile::{PortfolioLink, PractisedSkill, Profile, ProfileContent, SpokenLanguage},
};
use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use uuid::Uuid;

use crate::{
    Error, Result, embeddings,
    error::{number, stored},
};

pub(crate) struct Row {
    user_id: Uuid,
    display_name: String,
    region: String,
    version: i32,
    title: String,
    summary: String,
    skills: Json<Vec<PractisedSkill>>,
    experience: String,
    rate: Decimal,
    currency: String,
    weekly_hours: i16,
    utc_offset: i16,
    on_site: bool,
    languages: Json<Vec<SpokenLanguage>>,
    links: Json<Vec<PortfolioLink>>,
    visibility: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Profile {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            user_id: row.user_id.into(),
            display_name: row.display_name,
            region: stored("region", &row.region)?,
            version: row.version,
            content: ProfileContent {
                title: row.title,
                summary: row.summary,
                skills: row.skills.0,
                experience: stored("experience", &row.experience)?,
                rate: Money::new(row.rate, stored("currency", &row.currency)?),
                weekly_hours: number("weekly hours", row.weekly_hours)?,
                utc_offset: number::<_, UtcOffset>("UTC offset", row.utc_offset)?,
                on_site: row.on_site,
                languages: row.languages.0,
                links: row.links.0,
                visibility: stored("visibility", &row.visibility)?,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub async fn by_user(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<Profile>> {
    sqlx::query_as!(
        Row,
        r#"select p.user_id, u.display_name as "display_name!", p.region, p.version, p.title, p.summary,
                  p.skills as "skills: _", p.experience, p.rate, p.currency, p.weekly_hours,
                  p.utc_offset, p.on_site, p.languages as "languages: _", p.links as "links: _",
                  p.visibility, p.created_at, p.updated_at
           from core.profiles p join auth.people u on u.id = p.user_id
           where p.user_id = $1"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await?
    .map(Profile::try_from)
    .transpose()
}

/// Stores a profile, new or changed, and gives its version: 1 for a new one. An `expected` version
/// other than the stored one, none for a first profile, changes nothing and gives none: somebody else
/// was faster.
pub async fn save(
    db: &mut PgConnection,
    user_id: UserId,
    region: Region,
    content: &ProfileContent,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<i32>> {
    let skill_keys: Vec<String> =
        content.skills.iter().map(|practised| practised.skill.key.clone()).collect();
    let language_keys: Vec<String> =
        content.languages.iter().map(|spoken| spoken.language.to_string()).collect();
    let version = sqlx::query_scalar!(
        "insert into core.profiles as p
             (user_id, region, title, summary, skills, skill_keys, experience, rate, currency, rate_usd,
              weekly_hours, utc_offset, on_site, languages, language_keys, links, visibility, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)
         on conflict (user_id) do update set
             version = p.version + 1, region = $2, title = $3, summary = $4, skills = $5, skill_keys = $6,
             experience = $7, rate = $8, currency = $9, rate_usd = $10, weekly_hours = $11, utc_offset = $12,
             on_site = $13, languages = $14, language_keys = $15, links = $16, visibility = $17, updated_at = $18
         where p.version = $19
         returning version",
        user_id.uuid(),
        region.as_str(),
        content.title,
        content.summary,
        Json(&content.skills) as _,
        &skill_keys,
        content.experience.as_str(),
        content.rate.amount,
        content.rate.currency.as_str(),
        content.rate.in_usd(),
        content.weekly_hours as i16,
        content.utc_offset.minutes(),
        content.on_site,
        Json(&content.languages) as _,
        &language_keys,
        Json(&content.links) as _,
        content.visibility.as_str(),
        now,
        expected,
    )
    .fetch_optional(db)
    .await?;
    Ok(version)
}

/// Moves a profile along with its owner's region.
pub async fn set_region(
    db: &mut PgConnection,
    user_id: UserId,
    region: Region,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update core.profiles set region = $2, version = version + 1, updated_at = $3
         where user_id = $1 and region <> $2",
        user_id.uuid(),
        region.as_str(),
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes a profile off the market until its owner shows it again.
pub async fn pause(db: &mut PgConnection, user_id: UserId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update core.profiles set visibility = 'paused', version = version + 1, updated_at = $2
         where user_id = $1 and visibility = 'visible'",
        user_id.uuid(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Every visible profile with its vector of this model, where there is one: what the engine's index
/// is built from.
pub fn visible_with_vectors<'a>(
    pool: &'a PgPool,
    model: &'a str,
) -> BoxStream<'a, Result<(Profile, Option<Vec<f32>>)>> {
    sqlx::query!(
        r#"select p.user_id, u.display_name as "display_name!", p.region, p.version, p.title, p.summary,
                  p.skills as "skills: Json<Vec<PractisedSkill>>", p.experience, p.rate, p.currency,
                  p.weekly_hours, p.utc_offset, p.on_site,
                  p.languages as "languages: Json<Vec<SpokenLanguage>>",
                  p.links as "links: Json<Vec<PortfolioLink>>",
                  p.visibility, p.created_at, p.updated_at, e.vector as "vector?"
           from core.profiles p
           join auth.people u on u.id = p.user_id
           left join ai.texts t on t.subject_id = p.user_id
           left join ai.embeddings e on e.content_hash = t.content_hash and e.model = $1
           where p.visibility = 'visible'"#,
        model,
    )
    .fetch(pool)
    .map(|row| {
        let row = row?;
        let vector = row.vector.as_deref().map(embeddings::decode).transpose()?;
        let profile = Profile::try_from(Row {
            user_id: row.user_id,
            display_name: row.display_name,
            region: row.region,
            version: row.version,
            title: row.title,
            summary: row.summary,
            skills: row.skills,
            experience: row.experience,
            rate: row.rate,
            currency: row.currency,
            weekly_hours: row.weekly_hours,
            utc_offset: row.utc_offset,
            on_site: row.on_site,
            languages: row.languages,
            links: row.links,
            visibility: row.visibility,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })?;
        Ok((profile, vector))
    })
    .boxed()
}
