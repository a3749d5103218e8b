-- What the matching engine made of profiles and jobs. All of it can be computed again.

create schema ai;

-- One vector for each text and model, so that no text is embedded twice.
create table ai.embeddings (
    content_hash bytea not null,
    model        text not null,
    -- Little-endian 32-bit floats of unit length. The engine searches in memory, so the database
    -- needs no vector extension.
    vector       bytea not null,
    created_at   timestamptz not null default now(),
    constraint embeddings_pkey primary key (model, content_hash),
    constraint embeddings_hash_length check (octet_length(content_hash) = 32),
    constraint embeddings_vector_length check (octet_length(vector) % 4 = 0 and octet_length(vector) > 0)
);

-- Which text stands for which profile or job at present.
create table ai.texts (
    subject_id   uuid primary key,
    kind         text not null,
    content_hash bytea not null,
    updated_at   timestamptz not null default now(),
    constraint texts_kind_known check (kind in ('job', 'profile')),
    constraint texts_hash_length check (octet_length(content_hash) = 32)
);

create index texts_by_hash on ai.texts (content_hash);

-- Who suits which job, and the receipt for it. A row that no longer holds is kept with its reason,
-- so that a receipt somebody saw can still be explained.
create table ai.matches (
    job_id        uuid not null references core.jobs (id) on delete cascade,
    freelancer_id uuid not null references auth.users (id) on delete cascade,
    score         integer not null,
    receipt       jsonb not null,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    removed_at    timestamptz,
    constraint matches_pkey primary key (job_id, freelancer_id),
    constraint matches_score_bounded check (score between 0 and 1000000)
);

create index matches_of_job on ai.matches (job_id, score desc, freelancer_id) where removed_at is null;
create index matches_of_freelancer on ai.matches (freelancer_id, score desc, job_id) where removed_at is null;

-- Jobs whose candidates are to be ranked anew, because the texts of many profiles were read since.
-- Written together with what calls for it, so that no crash forgets it.
create table ai.rankings_due (
    job_id       uuid primary key references core.jobs (id) on delete cascade,
    requested_at timestamptz not null default clock_timestamp()
);

-- The last number given out in each person's feed. The row is locked while numbers are given out,
-- so that they have no gap and are seen in order.
create table ai.feeds (
    user_id  uuid primary key references auth.users (id) on delete cascade,
    last_seq bigint not null default 0,
    -- Messages up to this number may have been pruned; who is further behind starts afresh.
    pruned_seq bigint not null default 0,
    constraint feeds_seq_ordered check (0 <= pruned_seq and pruned_seq <= last_seq)
);

-- The messages of each feed, as they are sent.
create table ai.feed_messages (
    user_id    uuid not null references ai.feeds (user_id) on delete cascade,
    seq        bigint not null,
    -- {"type": …, "data": …}
    message    jsonb not null,
    created_at timestamptz not null default now(),
    constraint feed_messages_pkey primary key (user_id, seq)
);

create index feed_messages_by_age on ai.feed_messages (created_at);
