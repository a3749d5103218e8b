-- What people do: profiles, jobs, and the events that tell the rest of the system about them.

create schema core;

create table core.profiles (
    user_id       uuid primary key references auth.users (id) on delete cascade,
    region        text not null,
    version       integer not null default 1,
    title         text not null,
    summary       text not null,
    -- [{"skill": {"key", "label"}, "level", "years"}], in the owner's order.
    skills        jsonb not null,
    -- The keys of the skills again, for filters.
    skill_keys    text[] not null,
    experience    text not null,
    rate          numeric(10, 2) not null,
    currency      text not null,
    -- The rate at reference exchange rates, so that rates can be compared and sorted.
    rate_usd      numeric(12, 2) not null,
    weekly_hours  smallint not null,
    -- Minutes east of UTC.
    utc_offset    smallint not null,
    on_site       boolean not null,
    -- [{"language", "level"}]
    languages     jsonb not null,
    language_keys text[] not null,
    -- [{"label", "url"}]
    links         jsonb not null,
    visibility    text not null,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    search        tsvector generated always as (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', summary), 'B')
    ) stored,
    constraint profiles_title_length check (length(title) between 4 and 100),
    constraint profiles_summary_length check (length(summary) between 40 and 4000),
    constraint profiles_skills_bounded check (cardinality(skill_keys) between 1 and 20),
    constraint profiles_rate_positive check (rate > 0),
    constraint profiles_weekly_hours_bounded check (weekly_hours between 0 and 60),
    constraint profiles_utc_offset_bounded check (utc_offset between -720 and 840),
    constraint profiles_region_known check (region in ('NA', 'EU', 'ASIA', 'SA')),
    constraint profiles_experience_known check (experience in ('entry', 'intermediate', 'expert')),
    constraint profiles_visibility_known check (visibility in ('visible', 'paused'))
);

create index profiles_recent on core.profiles (updated_at desc, user_id desc) where visibility = 'visible';
create index profiles_by_rate on core.profiles (rate_usd, user_id) where visibility = 'visible';
create index profiles_by_skill on core.profiles using gin (skill_keys);
create index profiles_by_words on core.profiles using gin (search);

create table core.jobs (
    id              uuid primary key,
    client_id       uuid not null references auth.users (id) on delete cascade,
    region          text not null,
    status          text not null,
    version         integer not null default 1,
    title           text not null,
    description     text not null,
    -- [{"key", "label"}], most important first.
    required_skills jsonb not null,
    nice_skills     jsonb not null,
    skill_keys      text[] not null,
    budget_kind     text not null,
    budget_min      numeric(10, 2) not null,
    budget_max      numeric(10, 2) not null,
    currency        text not null,
    -- The upper end at reference exchange rates.
    budget_usd      numeric(12, 2) not null,
    duration        text not null,
    weekly_hours    smallint,
    experience      text,
    work_place      text not null,
    location        text not null,
    -- The regions from which people may apply; empty means any.
    regions         text[] not null,
    utc_offset      smallint,
    languages       text[] not null,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    published_at    timestamptz,
    closed_at       timestamptz,
    search          tsvector generated always as (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', description), 'B')
    ) stored,
    constraint jobs_title_length check (length(title) between 8 and 120),
    constraint jobs_description_length check (length(description) between 40 and 8000),
    constraint jobs_skills_bounded check (cardinality(skill_keys) between 1 and 30),
    constraint jobs_budget_ordered check (0 < budget_min and budget_min <= budget_max),
    constraint jobs_weekly_hours_bounded check (weekly_hours between 1 and 60),
    constraint jobs_location_length check (length(location) <= 80),
    constraint jobs_region_known check (region in ('NA', 'EU', 'ASIA', 'SA')),
    constraint jobs_status_known check (status in ('draft', 'open', 'closed')),
    constraint jobs_published_when_open check (status = 'draft' or published_at is not null),
    constraint jobs_closed_when_closed check ((status = 'closed') = (closed_at is not null))
);

create index jobs_newest on core.jobs (published_at desc, id desc) where status = 'open';
create index jobs_by_budget on core.jobs (budget_usd desc, id desc) where status = 'open';
create index jobs_by_client on core.jobs (client_id, created_at desc);
create index jobs_by_skill on core.jobs using gin (skill_keys);
create index jobs_by_words on core.jobs using gin (search);

-- People who do not want to meet: neither is matched with the other.
create table core.blocks (
    blocker_id uuid not null references auth.users (id) on delete cascade,
    blocked_id uuid not null references auth.users (id) on delete cascade,
    created_at timestamptz not null default now(),
    constraint blocks_pkey primary key (blocker_id, blocked_id),
    constraint blocks_not_oneself check (blocker_id <> blocked_id)
);

create index blocks_by_blocked on core.blocks (blocked_id);

-- The transactional outbox: an event is written with the change it tells of, or not at all. A row
-- is pending until it is delivered; one that fails again and again is parked for an operator.
create table core.outbox (
    id           bigint generated always as identity primary key,
    -- Events of one aggregate are delivered in order.
    aggregate_id uuid not null,
    event        jsonb not null,
    created_at   timestamptz not null default clock_timestamp(),
    attempts     integer not null default 0,
    -- Not before this moment, after a failure.
    due_at       timestamptz not null default clock_timestamp(),
    delivered_at timestamptz,
    parked_at    timestamptz,
    last_error   text
);

create index outbox_pending on core.outbox (id) where delivered_at is null and parked_at is null;
create index outbox_parked on core.outbox (parked_at) where parked_at is not null;
create index outbox_delivered on core.outbox (delivered_at) where delivered_at is not null;

-- Wakes the relay at commit. A lost notification costs a moment, not an event: the relay polls too.
create function core.wake_relay() returns trigger language plpgsql as $$
begin
    perform pg_notify('outbox', '');
    return null;
end
$$;

create trigger outbox_wakes_relay after insert on core.outbox
    for each statement execute function core.wake_relay();

-- The demonstration marketplace in this database, if there is one: with the same plan, an
-- interrupted seeding can be completed.
create table core.demo_plan (
    only_one     boolean primary key default true,
    freelancers  integer not null,
    jobs         integer not null,
    seed         bigint not null,
    planned_at   timestamptz not null,
    completed_at timestamptz,
    constraint demo_plan_only_one check (only_one)
);
