-- On whose behalf the program speaks to the database. It connects as one of two roles, neither of
-- which owns a table or passes by a policy: `eighth_app` for visitors, as a person where one is
-- signed in, and `eighth_house` for finding out who somebody is and for the work behind the scenes.
-- Who may see what is then the database's business too, and a query that forgets its condition finds
-- nothing that is not meant for the one who asked.

-- Roles belong to the whole cluster, and several databases may be migrated in it at once.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['eighth_app', 'eighth_house'] loop
        begin
            if not exists (select from pg_roles where rolname = wanted) then
                execute format('create role %I nologin', wanted);
            end if;
        exception when duplicate_object or unique_violation then
            null;
        end;
        -- Whoever migrates also serves, unless it is given other logins. To have made a role is not
        -- enough to act as it, since PostgreSQL 16.
        if not (select rolsuper from pg_roles where rolname = current_user) then
            begin
                execute format('grant %I to %I', wanted, current_user);
            exception when insufficient_privilege then
                -- Where an administrator made the role, it is enough to be a member.
                if not pg_has_role(current_user, wanted, 'member') then
                    raise;
                end if;
            end;
        end if;
    end loop;
exception when insufficient_privilege then
    raise exception 'the login % may not create the roles of 8thDegree', current_user
        using hint = format('As an administrator of the database server: create role eighth_app nologin; '
            'create role eighth_house nologin; grant eighth_app, eighth_house to %I;', current_user);
end
$$;

grant usage on schema auth, core, ai to eighth_app, eighth_house;

-- The house works with everything but what is written once and for all. The same goes for tables to
-- come; visitors are given none of those unless a migration says so.
alter default privileges in schema auth, core, ai
    grant select, insert, update, delete on tables to eighth_house;
grant select, insert, update, delete on all tables in schema auth, core, ai to eighth_house;
revoke update, delete on auth.audit_log from eighth_house;
revoke insert, delete on auth.audit_head from eighth_house;

-- The person on whose behalf the transaction was opened; null for a visitor who is not signed in, and
-- for the house.
create function auth.me() returns uuid language sql stable parallel safe as $$
    select nullif(current_setting('eighth.person', true), '')::uuid
$$;

-- Makes the rows of a table those of the person in its column `user_id`, and of the house.
create procedure auth.only_own(private regclass) language plpgsql as $$
begin
    execute format('grant select, insert, update, delete on %s to eighth_app', private);
    execute format('alter table %s enable row level security', private);
    execute format('create policy house on %s to eighth_house using (true) with check (true)', private);
    execute format('create policy own on %s to eighth_app
        using (user_id = (select auth.me())) with check (user_id = (select auth.me()))', private);
end
$$;

-- Accounts: one's own, but for the hash of the password, which is for signing in alone. What somebody
-- is called is for everybody, and has a view.
alter table auth.users enable row level security;
create policy house on auth.users to eighth_house using (true) with check (true);
create policy own on auth.users for select to eighth_app using (id = (select auth.me()));
create policy own_change on auth.users for update to eighth_app
    using (id = (select auth.me())) with check (id = (select auth.me()));

-- By column, for a grant of the table would cover all. A column to come needs its own grant.
grant update (display_name, region, password_hash, password_changed_at, email_codes_allowed, updated_at)
    on auth.users to eighth_app;

do $$
declare
    readable text;
begin
    select string_agg(quote_ident(attname), ', ') into readable from pg_attribute
    where attrelid = 'auth.users'::regclass and attnum > 0 and not attisdropped and attname <> 'password_hash';
    execute format('grant select (%s) on auth.users to eighth_app', readable);
end
$$;

create view auth.people as select id, display_name, region from auth.users;
grant select on auth.people to eighth_app, eighth_house;

-- One chooses among the roles of the market; the others are given.
alter table auth.user_roles enable row level security;
create policy house on auth.user_roles to eighth_house using (true) with check (true);
create policy own on auth.user_roles for select to eighth_app using (user_id = (select auth.me()));
create policy chosen on auth.user_roles for insert to eighth_app
    with check (user_id = (select auth.me()) and role in ('user_freelancer', 'user_client'));
create policy given_up on auth.user_roles for delete to eighth_app
    using (user_id = (select auth.me()) and role in ('user_freelancer', 'user_client'));
grant select, insert, delete on auth.user_roles to eighth_app;

-- Sessions are opened by the house, once it knows who somebody is.
call auth.only_own('auth.sessions');
revoke insert on auth.sessions from eighth_app;

-- The audit log: one reads what one did and what concerns oneself, and adds what one does.
alter table auth.audit_log enable row level security;
create policy house on auth.audit_log to eighth_house using (true) with check (true);
create policy concerned on auth.audit_log for select to eighth_app
    using (subject_id = (select auth.me()) or actor_id = (select auth.me()));
create policy doer on auth.audit_log for insert to eighth_app with check (actor_id = (select auth.me()));
grant select, insert on auth.audit_log to eighth_app;
grant select, update on auth.audit_head to eighth_app;

-- Whoever may add to the log can do nothing else with its end. These look at the log as its owner
-- does, for the entry before may be somebody else's.
create function auth.refuse_to_add_elsewhere() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if not exists (select from auth.audit_head where seq = new.seq - 1 and hash = new.previous_hash) then
        raise exception 'an entry of the audit log follows the one before it'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger audit_log_grows_at_its_end before insert on auth.audit_log
    for each row execute function auth.refuse_to_add_elsewhere();

create function auth.refuse_to_move_elsewhere() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if not exists (select from auth.audit_log
                   where seq = new.seq and seq = old.seq + 1
                     and hash = new.hash and previous_hash = old.hash) then
        raise exception 'the end of the audit log moves on to its newest entry'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger audit_head_only_moves_on before update on auth.audit_head
    for each row execute function auth.refuse_to_move_elsewhere();

-- Jobs: drafts are their clients'.
alter table core.jobs enable row level security;
create policy house on core.jobs to eighth_house using (true) with check (true);
create policy published on core.jobs for select to eighth_app
    using (status <> 'draft' or client_id = (select auth.me()));
create policy posted on core.jobs for insert to eighth_app with check (client_id = (select auth.me()));
create policy own on core.jobs for update to eighth_app
    using (client_id = (select auth.me())) with check (client_id = (select auth.me()));
create policy discarded on core.jobs for delete to eighth_app
    using (client_id = (select auth.me()) and status = 'draft');
grant select, insert, update, delete on core.jobs to eighth_app;

-- Profiles: paused ones are their owners'.
alter table core.profiles enable row level security;
create policy house on core.profiles to eighth_house using (true) with check (true);
create policy shown on core.profiles for select to eighth_app
    using (visibility = 'visible' or user_id = (select auth.me()));
create policy written on core.profiles for insert to eighth_app with check (user_id = (select auth.me()));
create policy own on core.profiles for update to eighth_app
    using (user_id = (select auth.me())) with check (user_id = (select auth.me()));
grant select, insert, update on core.profiles to eighth_app;

-- What anybody may list. A policy keeps an index on words or skills from being used, for it must be
-- asked first; so the lists are read from views, which hold nothing but what is public.
create view core.open_jobs as select * from core.jobs where status = 'open';
create view core.visible_profiles as select * from core.profiles where visibility = 'visible';
grant select on core.open_jobs, core.visible_profiles to eighth_app, eighth_house;

-- One knows whom one blocked, and not who blocked oneself.
alter table core.blocks enable row level security;
create policy house on core.blocks to eighth_house using (true) with check (true);
create policy own on core.blocks to eighth_app
    using (blocker_id = (select auth.me())) with check (blocker_id = (select auth.me()));
grant select, insert, delete on core.blocks to eighth_app;

-- Matches and their receipts: for the freelancer and for the job's client. The engine writes them.
alter table ai.matches enable row level security;
create policy house on ai.matches to eighth_house using (true) with check (true);
create policy concerned on ai.matches for select to eighth_app using (
    freelancer_id = (select auth.me())
    or job_id in (select id from core.jobs where client_id = (select auth.me())));
grant select on ai.matches to eighth_app;

call auth.only_own('ai.feeds');
call auth.only_own('ai.feed_messages');
revoke insert, update, delete on ai.feeds, ai.feed_messages from eighth_app;

-- Events are announced by people and read by the house alone.
alter table core.outbox enable row level security;
create policy house on core.outbox to eighth_house using (true) with check (true);
create policy announced on core.outbox for insert to eighth_app with check ((select auth.me()) is not null);
grant insert (aggregate_id, event) on core.outbox to eighth_app;

-- Work for later is handed in through this door, for who hands it in may see no other work: neither
-- its number nor whether such a job waits already could be told them otherwise.
create function core.enqueue_job(
    kind text, payload jsonb, unique_key text, run_at timestamptz, out id bigint, out is_new boolean
) language sql security definer set search_path = '' as $$
    insert into core.background_jobs as job (kind, payload, unique_key, run_at) values ($1, $2, $3, $4)
    on conflict (kind, unique_key) where claim is null and finished_at is null and parked_at is null
    do update set run_at = case when job.attempts = 0 then least(job.run_at, excluded.run_at)
                                else job.run_at end
    returning job.id, (job.xmax = 0)
$$;
revoke execute on function core.enqueue_job from public;
grant execute on function core.enqueue_job to eighth_app, eighth_house;

-- All other tables: what has a column `user_id` is that person's, the rest the house's.
do $$
declare
    private regclass;
begin
    for private in
        select c.oid
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id' and not a.attisdropped
        where c.relkind in ('r', 'p') and not c.relrowsecurity
          and c.relnamespace in ('auth'::regnamespace, 'core'::regnamespace, 'ai'::regnamespace)
    loop
        call auth.only_own(private);
    end loop;
end
$$;

-- Pictures are for everybody to see.
create policy shown on core.avatars for select to eighth_app using (true);
