-- Signing in with accounts at other sites.

-- Whose account at which issuer. People are known again by issuer and subject, never by an address.
create table auth.external_identities (
    id           uuid primary key,
    user_id      uuid not null references auth.users (id) on delete cascade,
    -- The short name under which the issuer was configured then.
    provider     text not null,
    issuer       text not null,
    subject      text not null,
    -- The address as the issuer told it last, for people to tell their accounts apart.
    email        text,
    linked_at    timestamptz not null,
    last_used_at timestamptz not null,
    constraint external_identities_subject_unique unique (issuer, subject),
    constraint external_identities_one_of_each unique (user_id, issuer),
    constraint external_identities_provider_length check (length(provider) between 1 and 32),
    constraint external_identities_issuer_length check (length(issuer) between 1 and 2000),
    constraint external_identities_subject_length check (length(subject) between 1 and 255),
    constraint external_identities_email_length check (length(email) <= 255)
);

-- What was begun with another site and is not finished. Each is found by the browser's cookie alone,
-- of which the hash is stored, and taken out when it is used.
create table auth.external_flows (
    id          uuid primary key,
    token_hash  bytea not null,
    purpose     text not null,
    -- Who is signed in, where that is so.
    user_id     uuid references auth.users (id) on delete cascade,
    -- Sealed by the vault: it holds secrets of the protocol, or who came.
    flow_sealed bytea not null,
    expires_at  timestamptz not null,
    constraint external_flows_token_hash_unique unique (token_hash),
    constraint external_flows_token_hash_length check (octet_length(token_hash) = 32),
    constraint external_flows_purpose_known check (purpose in ('sign_in', 'link', 'confirm', 'sign_up')),
    constraint external_flows_of_somebody check ((purpose in ('link', 'confirm')) = (user_id is not null)),
    constraint external_flows_sealed_length check (octet_length(flow_sealed) <= 16384)
);

create index external_flows_by_expiry on auth.external_flows (expires_at);
create index external_flows_by_user on auth.external_flows (user_id);

call auth.only_own('auth.external_identities');
call auth.only_own('auth.external_flows');
