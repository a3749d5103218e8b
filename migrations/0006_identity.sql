-- How sure we are of who somebody is, and the trail of what was done.

alter table auth.users
    add column status              text not null default 'active',
    add column suspended_at        timestamptz,
    -- Null until the person has shown that they read mail at the address.
    add column email_verified_at   timestamptz,
    add column password_changed_at timestamptz not null default now(),
    add constraint users_status_known check (status in ('active', 'suspended', 'deleted')),
    add constraint users_suspended_when_suspended check ((status = 'suspended') = (suspended_at is not null));

alter table auth.sessions
    -- The network address it was opened from, as text; empty where it is not known.
    add column address       text not null default '',
    -- However much it is used, it ends then; `expires_at` moves with use and never beyond.
    add column ends_at       timestamptz not null default now() + interval '90 days',
    -- When the person last proved who they are.
    add column proved_at     timestamptz not null default now(),
    -- What they proved it with beside the first factor, if anything.
    add column second_factor text,
    add constraint sessions_address_length check (length(address) <= 45),
    add constraint sessions_expire_before_they_end check (expires_at <= ends_at),
    add constraint sessions_second_factor_known
        check (second_factor in ('totp', 'passkey', 'recovery_code', 'email_code', 'trusted_device', 'issuer'));

-- Every act that matters for security, in one chain: each entry's hash covers the one before it, so
-- that a changed or missing entry shows. People are named by identifier alone and without a foreign
-- key, for entries outlive accounts.
create table auth.audit_log (
    -- Without a gap; given out under the lock of the head.
    seq           bigint primary key,
    at            timestamptz not null,
    -- Who did it; null for somebody who is not signed in, and for the system itself.
    actor_id      uuid,
    -- Whom it concerns.
    subject_id    uuid,
    action        text not null,
    address       text not null,
    user_agent    text not null,
    -- JSON, kept as text so that it is hashed byte for byte. Never a secret.
    before        text,
    after         text,
    previous_hash bytea not null,
    -- SHA-256 of all of the above.
    hash          bytea not null,
    constraint audit_log_seq_positive check (seq > 0),
    constraint audit_log_action_length check (length(action) between 3 and 60),
    constraint audit_log_address_length check (length(address) <= 45),
    constraint audit_log_user_agent_length check (length(user_agent) <= 300),
    constraint audit_log_before_length check (length(before) <= 4000),
    constraint audit_log_after_length check (length(after) <= 4000),
    constraint audit_log_hashes_length check (octet_length(hash) = 32 and octet_length(previous_hash) = 32)
);

create index audit_log_by_subject on auth.audit_log (subject_id, seq desc);
create index audit_log_by_actor on auth.audit_log (actor_id, seq desc);

-- The end of the chain. Its row is locked while an entry is added, and tells when the last entries
-- have been cut off.
create table auth.audit_head (
    only_one boolean primary key default true,
    seq      bigint not null,
    hash     bytea not null,
    constraint audit_head_only_one check (only_one),
    constraint audit_head_hash_length check (octet_length(hash) = 32)
);

insert into auth.audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'));

create function auth.refuse_to_rewrite_the_audit_log() returns trigger language plpgsql as $$
begin
    raise exception 'entries of the audit log are never changed' using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_log_is_append_only before update or delete or truncate on auth.audit_log
    for each statement execute function auth.refuse_to_rewrite_the_audit_log();
