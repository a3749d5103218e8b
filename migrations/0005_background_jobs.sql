-- Work that is done after the answer was given: mails, exports, tidying. A job is written in the
-- transaction of its cause, so that it exists exactly if that was committed.

create table core.background_jobs (
    id          bigint generated always as identity primary key,
    -- Which handler does it.
    kind        text not null,
    -- What the handler is told. Forgotten once the job is done: it may name people or hold a link.
    payload     jsonb,
    -- While a job of this kind and key waits, there is no second one.
    unique_key  text,
    created_at  timestamptz not null default clock_timestamp(),
    -- Waiting: not before this moment. Claimed: the claim lapses at this moment unless prolonged.
    run_at      timestamptz not null,
    -- How often it was begun.
    attempts    integer not null default 0,
    -- The worker's claim, new for each attempt; a worker that lost it can no longer change the job.
    claim       uuid,
    finished_at timestamptz,
    -- Given up, and left for an operator to look at.
    parked_at   timestamptz,
    last_error  text,
    constraint background_jobs_kind_length check (length(kind) between 1 and 64),
    constraint background_jobs_payload_size check (octet_length(payload::text) <= 65536),
    constraint background_jobs_payload_until_finished check ((payload is null) = (finished_at is not null)),
    constraint background_jobs_unique_key_length check (length(unique_key) between 1 and 200),
    constraint background_jobs_attempts_counted check (attempts >= 0),
    constraint background_jobs_last_error_length check (length(last_error) <= 1000),
    constraint background_jobs_one_end check (finished_at is null or parked_at is null),
    constraint background_jobs_claim_while_running
        check (claim is null or (finished_at is null and parked_at is null))
);

create unique index background_jobs_waiting_once on core.background_jobs (kind, unique_key)
    where claim is null and finished_at is null and parked_at is null;

create index background_jobs_due on core.background_jobs (run_at, id)
    where finished_at is null and parked_at is null;
create index background_jobs_parked on core.background_jobs (parked_at) where parked_at is not null;
create index background_jobs_finished on core.background_jobs (finished_at) where finished_at is not null;

-- Wakes the runners at commit. A lost notification costs a moment, not a job: the runners poll too.
create function core.wake_runners() returns trigger language plpgsql as $$
begin
    perform pg_notify('background_jobs', '');
    return null;
end
$$;

create trigger background_jobs_wake_runners after insert on core.background_jobs
    for each statement execute function core.wake_runners();
