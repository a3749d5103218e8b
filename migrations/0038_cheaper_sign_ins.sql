-- Signing in as on the day before takes two statements: one before the password is compared, one after
-- it. What both have to know is asked here, in one place; the entry that it leaves in the audit log costs less.

-- What opening a session depends on. For an account that is not there, the same is looked for.
create function auth.admittable(person uuid) returns table (
    email text, status text, password_hash text, email_codes_allowed boolean, roles text[],
    app_since timestamptz, passkeys bigint, recovery_codes bigint, of_organisation boolean
) language sql stable
begin atomic
    select u.email, u.status, u.password_hash, u.email_codes_allowed,
           array(select r.role from auth.user_roles r where r.user_id = person order by r.role),
           (select a.confirmed_at from auth.authenticator_apps a where a.user_id = person),
           (select count(*) from auth.passkeys p where p.user_id = person),
           (select count(*) from auth.recovery_codes c where c.user_id = person and c.used_at is null),
           exists (
               select from auth.organisation_domains d join auth.organisations o on o.id = d.organisation_id
               where d.domain = split_part(u.email, '@', 2) and d.proved_at is not null and o.required
           )
    from (values (true)) as once left join auth.users u on u.id = person;
end;

-- Lets changes of what guards an account wait until the transaction ends; whether all of it is still as
-- it was seen, which is the row of `auth.admittable` as text.
create function auth.hold_as_seen(person uuid, seen text) returns boolean language plpgsql as $$
begin
    perform from auth.users where id = person for share;
    -- A statement of its own: it sees what was done by whoever held the account before.
    return seen = (select a::text from auth.admittable(person) a);
end
$$;

-- Counts an attempt that could be a guess as a failure until it is known to be none. False if none is due
-- yet; it then does not count. The first `free` ones cost nothing, each one more doubles the wait, from a
-- second to the `longest` seconds; those before `forget_before` are forgotten where none followed. One that
-- costs nothing blocks until a moment long past, so that whoever read the clock just before is not refused.
-- The transaction in which it is called does not wait for the disk at its end.
create function auth.charge_guess(
    what bytea, at timestamptz, free integer, longest double precision, forget_before timestamptz
) returns boolean language plpgsql as $$
begin
    -- Nobody waits for the disk: should the machine fail in this moment, one guess is forgiven.
    perform set_config('synchronous_commit', 'off', true);
    insert into auth.guesses as g (key, failures, last_at, blocked_until) values (what, 1, at, forget_before)
    on conflict (key) do update set
        failures = case when g.last_at < forget_before then 1 else g.failures + 1 end,
        last_at = at,
        blocked_until = case
            when g.last_at < forget_before or g.failures < free then forget_before
            else at + interval '1 second' * least(longest, power(2, least(g.failures - free, 30)))
        end
    where g.blocked_until <= at;
    return found;
end
$$;

-- Puts an entry where it did before (0036), with the same hash, in a third of its own time: functions in SQL
-- that cannot be written into the expression around them are read and planned in each transaction.
create or replace function auth.add_at_the_end() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    head auth.audit_head;
    micros bigint;
    words text;
    bytes bytea;
    hashed bytea;
begin
    -- No clock is so wrong, and programs cannot read every time that can be stored.
    if new.at not between '2000-01-01 00:00+00' and '2200-01-01 00:00+00' then
        raise exception 'an entry of the audit log is of no such time'
            using errcode = 'insufficient_privilege';
    end if;
    select * into strict head from auth.audit_head where only_one for update;
    new.seq := head.seq + 1;
    new.previous_hash := head.hash;
    micros := extract(epoch from new.at) * 1000000;
    -- Each part as before: whether there is one, its length, itself. These have a length that never changes.
    hashed := '\x012000000000000000'::bytea || head.hash
        || '\x010800000000000000'::bytea || auth.little_endian(new.seq)
        || '\x010800000000000000'::bytea || auth.little_endian(micros)
        || coalesce('\x011000000000000000'::bytea || uuid_send(new.actor_id), '\x00')
        || coalesce('\x011000000000000000'::bytea || uuid_send(new.subject_id), '\x00');
    -- These are shorter than 64 KiB, so that two bytes tell how long.
    foreach words in array array[new.action, new.address, new.user_agent, new.before, new.after] loop
        bytes := convert_to(words, 'UTF8');
        hashed := hashed || coalesce(
            set_byte(set_byte('\x010000000000000000', 1, octet_length(bytes) & 255), 2, octet_length(bytes) >> 8)
            || bytes, '\x00');
    end loop;
    new.hash := sha256(hashed);
    return new;
end
$$;

drop function auth.audited(bytea);

revoke execute on function auth.admittable, auth.hold_as_seen, auth.charge_guess from public;
grant execute on function auth.admittable, auth.hold_as_seen, auth.charge_guess to eighth_house;
