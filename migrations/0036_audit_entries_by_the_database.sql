-- The database itself puts an entry of the audit log at the end of the chain: whoever may add one, with
-- whatever program, chooses neither its number nor what its hash covers, and cannot break the chain.

-- A part of what is hashed, as the program has always written it: whether there is one, its length, itself.
create function auth.little_endian(number bigint) returns bytea
language sql immutable strict parallel safe
return substr(int8send(number), 8, 1) || substr(int8send(number), 7, 1)
    || substr(int8send(number), 6, 1) || substr(int8send(number), 5, 1)
    || substr(int8send(number), 4, 1) || substr(int8send(number), 3, 1)
    || substr(int8send(number), 2, 1) || substr(int8send(number), 1, 1);

create function auth.audited(part bytea) returns bytea
language sql immutable parallel safe
return coalesce('\x01'::bytea || auth.little_endian(octet_length(part)) || part, '\x00'::bytea);

-- Takes the place of a look whether the entry fits: it is made to. The end stays locked until the
-- transaction is over, so that the next entry follows this one.
create function auth.add_at_the_end() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    head auth.audit_head;
begin
    -- No clock is so wrong, and programs cannot read every time that can be stored.
    if new.at not between '2000-01-01 00:00+00' and '2200-01-01 00:00+00' then
        raise exception 'an entry of the audit log is of no such time'
            using errcode = 'insufficient_privilege';
    end if;
    select * into strict head from auth.audit_head where only_one for update;
    new.seq := head.seq + 1;
    new.previous_hash := head.hash;
    new.hash := sha256(
        auth.audited(head.hash)
        || auth.audited(auth.little_endian(new.seq))
        || auth.audited(auth.little_endian((extract(epoch from new.at) * 1000000)::bigint))
        || auth.audited(uuid_send(new.actor_id)) || auth.audited(uuid_send(new.subject_id))
        || auth.audited(convert_to(new.action, 'UTF8')) || auth.audited(convert_to(new.address, 'UTF8'))
        || auth.audited(convert_to(new.user_agent, 'UTF8'))
        || auth.audited(convert_to(new.before, 'UTF8')) || auth.audited(convert_to(new.after, 'UTF8')));
    return new;
end
$$;

drop trigger audit_log_grows_at_its_end on auth.audit_log;
create trigger audit_log_grows_at_its_end before insert on auth.audit_log
    for each row execute function auth.add_at_the_end();
drop function auth.refuse_to_add_elsewhere();

-- An entry beyond the end would be in the way of every one to come.
create function auth.refuse_to_leave_the_end_behind() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if not exists (select from auth.audit_head where seq >= new.seq) then
        raise exception 'the end of the audit log moves on with each entry'
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create constraint trigger audit_log_moves_its_end after insert on auth.audit_log
    deferrable initially deferred
    for each row execute function auth.refuse_to_leave_the_end_behind();
