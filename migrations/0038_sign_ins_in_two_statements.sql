-- Signing in as on the day before takes two statements: one before the password is compared, one after
-- it. What both have to know is asked here, in one place.

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
create function auth.charge_guess(
    what bytea, at timestamptz, free integer, longest double precision, forget_before timestamptz
) returns boolean language plpgsql as $$
begin
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

revoke execute on function auth.admittable, auth.hold_as_seen, auth.charge_guess from public;
grant execute on function auth.admittable, auth.hold_as_seen, auth.charge_guess to eighth_house;
