-- What letters lead to. Every link holds a token of 256 bits, of which only the SHA-256 is stored.
-- A person has at most one link of a kind: a newer one takes the place of the older.

-- Who has signed up and not yet shown that the address is theirs. There is no account before that,
-- and whether the address has one already is not looked up where it could be noticed.
create table auth.sign_ups (
    id            uuid primary key,
    email         text not null,
    display_name  text not null,
    -- Argon2id. Counts only for the browser that chose it: somebody else may have given this address.
    password_hash text not null,
    region        text not null,
    roles         text[] not null,
    -- Where the person was going.
    next          text not null,
    -- Of the cookie of the browser that signed up.
    browser_hash  bytea not null,
    -- Of the link in the letter sent last; null until one is made.
    token_hash    bytea,
    token_expires_at timestamptz,
    created_at    timestamptz not null,
    expires_at    timestamptz not null,
    constraint sign_ups_email_form check (email = lower(email) and length(email) between 3 and 255),
    constraint sign_ups_display_name_length check (length(display_name) between 2 and 80),
    constraint sign_ups_password_hash_length check (length(password_hash) <= 300),
    constraint sign_ups_region_known check (region in ('NA', 'EU', 'ASIA', 'SA')),
    constraint sign_ups_roles_known check (roles <@ array['user_freelancer', 'user_client']),
    constraint sign_ups_next_length check (length(next) <= 2000),
    constraint sign_ups_browser_unique unique (browser_hash),
    constraint sign_ups_token_unique unique (token_hash),
    constraint sign_ups_hashes_length check (octet_length(browser_hash) = 32 and octet_length(token_hash) = 32),
    constraint sign_ups_token_expires check ((token_hash is null) = (token_expires_at is null))
);

create index sign_ups_by_email on auth.sign_ups (email);
create index sign_ups_by_expiry on auth.sign_ups (expires_at);

-- Who may choose a new password without knowing the old one.
create table auth.password_resets (
    user_id    uuid primary key references auth.users (id) on delete cascade,
    token_hash bytea not null,
    expires_at timestamptz not null,
    constraint password_resets_token_unique unique (token_hash),
    constraint password_resets_token_length check (octet_length(token_hash) = 32)
);

-- Who wants another address, and which of the two ends has agreed.
create table auth.email_changes (
    user_id          uuid primary key references auth.users (id) on delete cascade,
    -- New for each change, so that a letter of an earlier one is of no use.
    change_id        uuid not null,
    new_email        text not null,
    old_token_hash   bytea,
    new_token_hash   bytea,
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    expires_at       timestamptz not null,
    constraint email_changes_form check (new_email = lower(new_email) and length(new_email) between 3 and 255),
    constraint email_changes_old_token_unique unique (old_token_hash),
    constraint email_changes_new_token_unique unique (new_token_hash),
    constraint email_changes_tokens_length
        check (octet_length(old_token_hash) = 32 and octet_length(new_token_hash) = 32)
);

-- How many letters anybody had sent to an address within each half hour, so that nobody's mailbox is
-- flooded. The address need not have an account, and is kept as a hash.
create table auth.letter_counts (
    address_hash bytea not null,
    half_hour    timestamptz not null,
    sent         integer not null,
    constraint letter_counts_pkey primary key (address_hash, half_hour),
    constraint letter_counts_hash_length check (octet_length(address_hash) = 32),
    constraint letter_counts_counted check (sent > 0)
);

create index letter_counts_by_time on auth.letter_counts (half_hour);

-- From which browsers and networks a person has signed in: the first time from another one, they
-- are told. Only a hash of both is kept.
create table auth.known_devices (
    user_id      uuid not null references auth.users (id) on delete cascade,
    device_hash  bytea not null,
    last_seen_at timestamptz not null,
    constraint known_devices_pkey primary key (user_id, device_hash),
    constraint known_devices_hash_length check (octet_length(device_hash) = 32)
);

create index known_devices_by_time on auth.known_devices (last_seen_at);

-- Where people are told apart by the database already, these are each person's own. Elsewhere the
-- migration that begins to do so takes care of them.
do $$
declare
    private regclass;
begin
    if to_regprocedure('auth.only_own(regclass)') is not null then
        foreach private in array array['auth.password_resets', 'auth.email_changes', 'auth.known_devices']::regclass[] loop
            call auth.only_own(private);
        end loop;
    end if;
end
$$;
