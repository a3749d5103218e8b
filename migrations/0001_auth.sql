-- Who people are: accounts, their roles, and the devices they are signed in on.

create schema auth;

create table auth.users (
    id            uuid primary key,
    -- In lower case already; the check keeps any other writer honest.
    email         text not null,
    display_name  text not null,
    -- Argon2id in PHC form. Null for people who sign in another way.
    password_hash text,
    region        text not null,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    constraint users_email_unique unique (email),
    constraint users_email_form check (email = lower(email) and length(email) between 3 and 255),
    constraint users_display_name_length check (length(display_name) between 2 and 80),
    constraint users_region_known check (region in ('NA', 'EU', 'ASIA', 'SA'))
);

create table auth.user_roles (
    user_id uuid not null references auth.users (id) on delete cascade,
    role    text not null,
    constraint user_roles_pkey primary key (user_id, role),
    constraint user_roles_known check (role in ('user_freelancer', 'user_client', 'admin', 'superadmin'))
);

create table auth.sessions (
    id           uuid primary key,
    user_id      uuid not null references auth.users (id) on delete cascade,
    -- SHA-256 of the token in the cookie: who reads this table cannot sign in with it.
    token_hash   bytea not null,
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    user_agent   text not null default '',
    constraint sessions_token_hash_unique unique (token_hash),
    constraint sessions_token_hash_length check (octet_length(token_hash) = 32),
    constraint sessions_user_agent_length check (length(user_agent) <= 300)
);

create index sessions_by_user on auth.sessions (user_id);
create index sessions_by_expiry on auth.sessions (expires_at);
