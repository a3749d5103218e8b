-- Whoever speaks as visitors do, with whatever program, has no work done but what visitors have done, and
-- writes no more columns than they do.

-- Answers to a challenge of the sign-up that were used: each is good once, and several people of one
-- network work at the same challenge.
create table auth.sign_up_answers (
    challenge_id uuid not null references auth.sign_up_challenges (id) on delete cascade,
    answer       text not null,
    constraint sign_up_answers_pkey primary key (challenge_id, answer),
    constraint sign_up_answers_answer_length check (length(answer) between 1 and 20)
);

create index sign_up_challenges_by_network on auth.sign_up_challenges (network, created_at);

-- What writes a job, for who may write to the table itself: the house.
create function core.add_job(
    kind text, payload jsonb, unique_key text, run_at timestamptz, out id bigint, out is_new boolean
) language sql set search_path = '' as $$
    insert into core.background_jobs as job (kind, payload, unique_key, run_at) values ($1, $2, $3, $4)
    on conflict (kind, unique_key) where claim is null and finished_at is null and parked_at is null
    do update set run_at = case when job.attempts = 0 then least(job.run_at, excluded.run_at)
                                else job.run_at end
    returning job.id, (job.xmax = 0)
$$;
revoke execute on function core.add_job from public;
grant execute on function core.add_job to eighth_house;

-- The door for everybody else: what people's own transactions have done later, for themselves. A letter
-- goes to the address that their account has, or to the one that they want, and says what only says that
-- something was changed; the links in the others are made by the house.
create function core.add_own_job(
    kind text, payload jsonb, unique_key text, run_at timestamptz, out id bigint, out is_new boolean
) language plpgsql security definer set search_path = '' as $$
declare
    me uuid := auth.me();
    address text := (select email from auth.users where users.id = me);
    own boolean := case $1
        when 'send_letter' then
            $2 ->> 'to' = address
            and $2 #>> '{letter,letter}' in ('token_created', 'second_factor_changed', 'password_changed')
        when 'write_about_new_address' then exists (
            select from auth.email_changes change
            where change.user_id = me and change.change_id::text = $2 ->> 'change_id'
              and change.new_email = $2 ->> 'new_email'
              and $2 ->> 'to' = case $2 ->> 'old_end' when 'true' then address else change.new_email end)
        when 'make_export' then $2 ->> 'user_id' = me::text
    end;
begin
    -- A key would tell of others' jobs, and move them.
    if own and $3 is null then
        select added.id, added.is_new into id, is_new from core.add_job($1, $2, $3, $4) added;
    else
        raise exception 'the job % is not for visitors to hand in', $1 using errcode = 'insufficient_privilege';
    end if;
end
$$;
revoke execute on function core.add_own_job from public;
grant execute on function core.add_own_job to eighth_app;

-- Runs with the rights of who calls it from now on, and so knows them, in whatever role a login is.
create or replace function core.enqueue_job(
    kind text, payload jsonb, unique_key text, run_at timestamptz, out id bigint, out is_new boolean
) language plpgsql security invoker set search_path = '' as $$
begin
    if has_table_privilege('core.background_jobs', 'insert') then
        select added.id, added.is_new into id, is_new from core.add_job($1, $2, $3, $4) added;
    else
        select added.id, added.is_new into id, is_new from core.add_own_job($1, $2, $3, $4) added;
    end if;
end
$$;

-- A session is opened and kept up by the house. Its owner gives it another token, and notes how they
-- proved who they are.
revoke update on auth.sessions from eighth_app;
grant update (token_hash, proved_at, second_factor) on auth.sessions to eighth_app;

-- Signing in is the house's; people end what has begun.
revoke insert, update on auth.pending_sign_ins from eighth_app;
-- Codes that were tried stay counted.
revoke delete on auth.code_guesses from eighth_app;
-- The house's is what came by another site, or by a link.
revoke insert, update, delete on auth.external_identities, auth.external_flows from eighth_app;
revoke insert, update on auth.password_resets from eighth_app;
revoke insert, update, delete on auth.known_devices, auth.token_families from eighth_app;
revoke insert, update on auth.trusted_devices from eighth_app;
revoke update on auth.personal_tokens from eighth_app;
revoke update on auth.passkey_ceremonies from eighth_app;

-- A passkey is taken away by the house, and stays what it was, but for its name and its counter.
revoke update, delete on auth.passkeys from eighth_app;
grant update (passkey, name, last_used_at) on auth.passkeys to eighth_app;
revoke update on auth.recovery_codes from eighth_app;
grant update (used_at) on auth.recovery_codes to eighth_app;

-- Whoever begins a change of address cannot say that an end has agreed, nor choose what link it gets.
drop policy own on auth.email_changes;
create policy own on auth.email_changes to eighth_app
    using (user_id = (select auth.me()))
    with check (user_id = (select auth.me()) and old_token_hash is null and new_token_hash is null
                and old_confirmed_at is null and new_confirmed_at is null);

-- An archive is made by the house.
revoke delete on auth.exports from eighth_app;
drop policy own on auth.exports;
create policy own on auth.exports to eighth_app
    using (user_id = (select auth.me()))
    with check (user_id = (select auth.me()) and archive_sealed is null);
