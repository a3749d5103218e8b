-- Second factors: what people prove with, beside a password, that they are who they say.

alter table auth.users
    -- Whether a code by e-mail may stand in for the second factor. Only who asks for it has it.
    add column email_codes_allowed boolean not null default false;

-- Whoever has given the right password, or followed a link from a letter, and owes the second factor.
create table auth.pending_sign_ins (
    -- SHA-256 of the token in the cookie.
    token_hash         bytea primary key,
    user_id            uuid not null references auth.users (id) on delete cascade,
    first_factor       text not null,
    -- Wrong answers so far; after a few of them the sign-in is void.
    attempts           smallint not null default 0,
    expires_at         timestamptz not null,
    -- Salted hash of the code that was sent by e-mail for this sign-in and no other.
    email_code         bytea,
    email_code_until   timestamptz,
    email_codes_sent   smallint not null default 0,
    constraint pending_sign_ins_token_hash_length check (octet_length(token_hash) = 32),
    constraint pending_sign_ins_first_factor_known
        check (first_factor in ('password', 'passkey', 'email_link', 'issuer')),
    constraint pending_sign_ins_attempts_counted check (attempts between 0 and 100),
    constraint pending_sign_ins_email_code_length check (octet_length(email_code) = 48),
    constraint pending_sign_ins_email_codes_counted check (email_codes_sent between 0 and 100),
    constraint pending_sign_ins_email_code_expires check ((email_code is null) = (email_code_until is null))
);

create index pending_sign_ins_by_user on auth.pending_sign_ins (user_id);
create index pending_sign_ins_by_expiry on auth.pending_sign_ins (expires_at);

-- How many codes that can be guessed were tried for an account of late, right ones taken off. The row
-- also makes the attempts of one account wait for each other.
create table auth.code_guesses (
    user_id uuid primary key references auth.users (id) on delete cascade,
    since   timestamptz not null,
    guesses integer not null,
    constraint code_guesses_counted check (guesses >= 0)
);

-- The authenticator app of an account.
create table auth.authenticator_apps (
    user_id       uuid primary key references auth.users (id) on delete cascade,
    -- What the app and we share.
    secret_sealed bytea not null,
    -- The last step whose code was accepted: none before it is accepted any more.
    last_step     bigint not null,
    confirmed_at  timestamptz not null,
    last_used_at  timestamptz,
    constraint authenticator_apps_secret_size check (octet_length(secret_sealed) between 20 and 1000)
);

-- One that is being set up. It guards nothing until a code has shown that the app has the secret.
create table auth.authenticator_set_ups (
    user_id       uuid primary key references auth.users (id) on delete cascade,
    secret_sealed bytea not null,
    expires_at    timestamptz not null,
    constraint authenticator_set_ups_secret_size check (octet_length(secret_sealed) between 20 and 1000)
);

create table auth.recovery_codes (
    user_id    uuid not null references auth.users (id) on delete cascade,
    -- SHA-256; a code has 120 random bits.
    hash       bytea not null,
    created_at timestamptz not null,
    used_at    timestamptz,
    constraint recovery_codes_pkey primary key (user_id, hash),
    constraint recovery_codes_hash_length check (octet_length(hash) = 32)
);

create table auth.passkeys (
    id            uuid primary key,
    user_id       uuid not null references auth.users (id) on delete cascade,
    credential_id bytea not null,
    -- Public key, counter and what else is known of it, as JSON; no secret.
    passkey       text not null,
    name          text not null,
    created_at    timestamptz not null,
    last_used_at  timestamptz,
    constraint passkeys_credential_id_unique unique (credential_id),
    constraint passkeys_credential_id_length check (octet_length(credential_id) between 1 and 1023),
    constraint passkeys_passkey_size check (octet_length(passkey) <= 16384),
    constraint passkeys_name_length check (length(name) between 1 and 60)
);

create index passkeys_by_user on auth.passkeys (user_id);

-- What a browser is asked to sign. It is taken away by the answer, so that none is accepted twice.
create table auth.passkey_ceremonies (
    -- SHA-256 of the token in the cookie.
    token_hash bytea primary key,
    -- None where the passkey is to tell who it is.
    user_id    uuid references auth.users (id) on delete cascade,
    kind       text not null,
    state      text not null,
    expires_at timestamptz not null,
    constraint passkey_ceremonies_token_hash_length check (octet_length(token_hash) = 32),
    constraint passkey_ceremonies_kind_known check (kind in ('registration', 'confirmation', 'sign_in')),
    constraint passkey_ceremonies_nobody_signs_in check ((user_id is null) = (kind = 'sign_in')),
    constraint passkey_ceremonies_state_size check (octet_length(state) <= 262144)
);

create index passkey_ceremonies_by_expiry on auth.passkey_ceremonies (expires_at);

-- Browsers that need not give the second factor for a while.
create table auth.trusted_devices (
    id           uuid primary key,
    user_id      uuid not null references auth.users (id) on delete cascade,
    -- SHA-256 of the token in the cookie.
    token_hash   bytea not null,
    user_agent   text not null,
    address      text not null,
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    expires_at   timestamptz not null,
    constraint trusted_devices_token_hash_unique unique (token_hash),
    constraint trusted_devices_token_hash_length check (octet_length(token_hash) = 32),
    constraint trusted_devices_user_agent_length check (length(user_agent) <= 300),
    constraint trusted_devices_address_length check (length(address) <= 45)
);

create index trusted_devices_by_user on auth.trusted_devices (user_id);
create index trusted_devices_by_expiry on auth.trusted_devices (expires_at);
