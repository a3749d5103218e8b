-- Tokens for programs: what people make themselves, what is given out for them, and the keys that
-- sign. What is revoked is deleted; the audit log remembers it.

create table auth.signing_keys (
    -- Its name in the tokens.
    id                  uuid primary key,
    public_key          bytea not null,
    -- The seed of the private half.
    private_key_sealed  bytea not null,
    created_at          timestamptz not null,
    -- It is published before it signs, so that nobody meets a signature of a key they cannot know.
    -- The one that began last is the one that signs.
    signs_from          timestamptz not null,
    constraint signing_keys_public_key_length check (octet_length(public_key) = 32),
    constraint signing_keys_private_key_length check (octet_length(private_key_sealed) between 33 and 400)
);

create table auth.personal_tokens (
    id           uuid primary key,
    user_id      uuid not null references auth.users (id) on delete cascade,
    -- What it is for, in its owner's words.
    name         text not null,
    -- SHA-256 of the token: who reads this table cannot use it.
    token_hash   bytea not null,
    -- Its last letters, by which its owner tells it from others.
    ending       text not null,
    scopes       text[] not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    last_used_at timestamptz,
    -- Where it was used last; empty where that is not known.
    last_address text not null default '',
    constraint personal_tokens_name_length check (length(name) between 1 and 60),
    constraint personal_tokens_hash_unique unique (token_hash),
    constraint personal_tokens_hash_length check (octet_length(token_hash) = 32),
    constraint personal_tokens_ending_length check (length(ending) = 4),
    constraint personal_tokens_scopes_known
        check (cardinality(scopes) > 0 and scopes <@ array['profile:read', 'jobs:read', 'matches:read']),
    constraint personal_tokens_year_at_most
        check (expires_at > created_at and expires_at <= created_at + interval '366 days'),
    constraint personal_tokens_address_length check (length(last_address) <= 45)
);

create index personal_tokens_by_user on auth.personal_tokens (user_id);
create index personal_tokens_by_expiry on auth.personal_tokens (expires_at);

-- What began with one exchange of a personal token: one refresh token after the other, and the access
-- tokens given out with them. All of it ends with this row.
create table auth.token_families (
    id                uuid primary key,
    user_id           uuid not null references auth.users (id) on delete cascade,
    personal_token_id uuid not null references auth.personal_tokens (id) on delete cascade,
    scopes            text[] not null,
    -- SHA-256 of the refresh token that is good now.
    refresh_hash      bytea not null,
    created_at        timestamptz not null,
    refreshed_at      timestamptz not null,
    -- Without being refreshed.
    expires_at        timestamptz not null,
    -- However often it is refreshed.
    ends_at           timestamptz not null,
    constraint token_families_refresh_unique unique (refresh_hash),
    constraint token_families_refresh_length check (octet_length(refresh_hash) = 32),
    constraint token_families_scopes_known
        check (cardinality(scopes) > 0 and scopes <@ array['profile:read', 'jobs:read', 'matches:read']),
    constraint token_families_expire_before_they_end check (expires_at <= ends_at)
);

create index token_families_by_user on auth.token_families (user_id);
create index token_families_by_personal_token on auth.token_families (personal_token_id);
create index token_families_by_expiry on auth.token_families (expires_at);

-- Refresh tokens that were used. One that comes back was stolen, by whoever came first or second.
create table auth.spent_refresh_tokens (
    token_hash bytea primary key,
    family_id  uuid not null references auth.token_families (id) on delete cascade,
    constraint spent_refresh_tokens_length check (octet_length(token_hash) = 32)
);

create index spent_refresh_tokens_by_family on auth.spent_refresh_tokens (family_id);

-- A new password ends every token, whichever way it was set: whoever knew the old one may have made
-- some.
create function auth.end_tokens() returns trigger language plpgsql as $$
begin
    delete from auth.personal_tokens where user_id = new.id;
    return null;
end
$$;

create trigger users_new_password_ends_tokens after update of password_changed_at on auth.users
    for each row when (old.password_changed_at is distinct from new.password_changed_at)
    execute function auth.end_tokens();

call auth.only_own('auth.personal_tokens');
call auth.only_own('auth.token_families');
