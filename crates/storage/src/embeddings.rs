//! Vectors by content hash and model, and which text stands for which profile or job.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::{Error, Result};

/// What a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Job(Uuid),
    Profile(Uuid),
}

impl Subject {
    pub fn id(self) -> Uuid {
        match self {
            Self::Job(id) | Self::Profile(id) => id,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Job(_) => "job",
            Self::Profile(_) => "profile",
        }
    }
}

/// The vector of a text, if this model has read it before.
pub async fn vector(db: impl PgExecutor<'_>, model: &str, hash: &[u8; 32]) -> Result<Option<Vec<f32>>> {
    let bytes = sqlx::query_scalar!(
        "select vector from ai.embeddings where model = $1 and content_hash = $2",
        model,
        hash.as_slice()
    )
    .fetch_optional(db)
    .await?;
    bytes.as_deref().map(decode).transpose()
}

/// Keeps vectors; those that are there already stay as they are.
pub async fn insert(db: impl PgExecutor<'_>, model: &str, vectors: &[([u8; 32], Vec<f32>)]) -> Result<()> {
    let hashes: Vec<Vec<u8>> = vectors.iter().map(|(hash, _)| hash.to_vec()).collect();
    let bytes: Vec<Vec<u8>> = vectors.iter().map(|(_, vector)| encode(vector)).collect();
    sqlx::query!(
        "insert into ai.embeddings (model, content_hash, vector)
         select $1, hash, vector from unnest($2::bytea[], $3::bytea[]) as t (hash, vector)
         on conflict do nothing",
        model,
        &hashes,
        &bytes,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes which text stands for a subject now, and keeps the text's vector if it is new.
pub async fn set_text(
    db: impl PgExecutor<'_>,
    model: &str,
    subject: Subject,
    hash: &[u8; 32],
    new: Option<&[f32]>,
) -> Result<()> {
    sqlx::query!(
        "with kept as (
             insert into ai.embeddings (model, content_hash, vector)
             select $4, $3, $5 where $5::bytea is not null on conflict do nothing)
         insert into ai.texts as t (subject_id, kind, content_hash) values ($1, $2, $3)
         on conflict (subject_id) do update set content_hash = $3, updated_at = now()
         where t.content_hash <> $3",
        subject.id(),
        subject.kind(),
        hash.as_slice(),
        model,
        new.map(encode),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes the texts of many subjects of one kind at once.
pub async fn set_texts(db: &mut PgConnection, subjects: &[(Subject, [u8; 32])]) -> Result<()> {
    let ids: Vec<Uuid> = subjects.iter().map(|(subject, _)| subject.id()).collect();
    let kinds: Vec<String> = subjects.iter().map(|(subject, _)| subject.kind().to_owned()).collect();
    let hashes: Vec<Vec<u8>> = subjects.iter().map(|(_, hash)| hash.to_vec()).collect();
    sqlx::query!(
        "insert into ai.texts (subject_id, kind, content_hash)
         select * from unnest($1::uuid[], $2::text[], $3::bytea[])
         on conflict (subject_id) do update set content_hash = excluded.content_hash, updated_at = now()",
        &ids,
        &kinds,
        &hashes,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How far this model has read visible profiles and open jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: i64,
    pub total: i64,
}

pub async fn progress(db: impl PgExecutor<'_>, model: &str) -> Result<Progress> {
    Ok(sqlx::query_as!(
        Progress,
        r#"select count(e.content_hash) as "done!", count(*) as "total!"
           from (select user_id as id from core.profiles where visibility = 'visible'
                 union all select id from core.jobs where status = 'open') s
           left join ai.texts t on t.subject_id = s.id
           left join ai.embeddings e on e.content_hash = t.content_hash and e.model = $1"#,
        model
    )
    .fetch_one(db)
    .await?)
}

/// Visible profiles and open jobs that this model has not read yet: jobs first, for a job is what
/// somebody is waiting for. Those with an event on its way are left out, for it reads them itself.
pub async fn unread(db: impl PgExecutor<'_>, model: &str, limit: i64) -> Result<Vec<Subject>> {
    let rows = sqlx::query!(
        r#"select s.id as "id!", s.is_job as "is_job!"
           from (select id, true as is_job from core.jobs where status = 'open'
                 union all select user_id, false from core.profiles where visibility = 'visible') s
           left join ai.texts t on t.subject_id = s.id
           left join ai.embeddings e on e.content_hash = t.content_hash and e.model = $1
           where e.content_hash is null
             and not exists (select from core.outbox o
                             where o.delivered_at is null and o.parked_at is null and o.aggregate_id = s.id)
           order by s.is_job desc, s.id limit $2"#,
        model,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| if row.is_job { Subject::Job(row.id) } else { Subject::Profile(row.id) })
        .collect())
}

/// Everything that one of these texts stands for.
pub async fn subjects_of(db: impl PgExecutor<'_>, hashes: &[[u8; 32]]) -> Result<Vec<(Subject, [u8; 32])>> {
    let wanted: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    let rows = sqlx::query!(
        "select subject_id, kind, content_hash from ai.texts where content_hash = any($1)",
        &wanted
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let subject = match row.kind.as_str() {
                "job" => Subject::Job(row.subject_id),
                _ => Subject::Profile(row.subject_id),
            };
            let hash =
                row.content_hash.as_slice().try_into().map_err(|cause| Error::corrupt("hash")(&cause))?;
            Ok((subject, hash))
        })
        .collect()
}

fn encode(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<f32>> {
    let (values, rest) = bytes.as_chunks::<4>();
    if rest.is_empty() {
        Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
    } else {
        Err(Error::corrupt("vector")(&format_args!("{} bytes", bytes.len())))
    }
}
