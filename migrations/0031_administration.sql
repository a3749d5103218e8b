-- Looking after accounts: why one was suspended, what becomes of its jobs meanwhile, and sessions in
-- which an administrator sees what somebody else sees.

alter table auth.users
    -- Why, for those who look after accounts; the person is told that, not why.
    add column suspended_for text,
    add constraint users_suspended_for_length check (length(suspended_for) between 1 and 500),
    add constraint users_suspended_for_when_suspended check (suspended_for is null or status = 'suspended');

-- For finding an account by the beginning of its address.
create index users_by_email_prefix on auth.users (email text_pattern_ops);

-- A job is held while its client's account is suspended: nobody else sees it and nothing matches it.
alter table core.jobs
    drop constraint jobs_status_known,
    add constraint jobs_status_known check (status in ('draft', 'open', 'held', 'closed'));

alter policy published on core.jobs
    using (status not in ('draft', 'held') or client_id = (select auth.me()));

-- Whose pages a session shows instead of its owner's, to be read and nothing more. For the house
-- alone: nobody lends themselves another's eyes.
create table auth.views (
    session_id uuid primary key references auth.sessions (id) on delete cascade,
    viewed_id  uuid not null references auth.users (id) on delete cascade,
    ends_at    timestamptz not null
);

create index views_by_viewed on auth.views (viewed_id);

alter table auth.views enable row level security;
create policy house on auth.views to eighth_house using (true) with check (true);
