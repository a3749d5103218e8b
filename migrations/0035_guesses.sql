-- How often somebody guessed wrong of late, the browsers that need not suffer for it, and what is to
-- be done before an account is made where many are. All of it is the house's: it is asked before it
-- is known who asks.

create table auth.guesses (
    -- SHA-256 of what is counted – an address typed and the network it came from, the network alone,
    -- the address alone, a browser, a session –, so that none of it can be read here.
    key           bytea primary key,
    -- Attempts that were not right, those under way included.
    failures      integer not null,
    last_at       timestamptz not null,
    -- No attempt is judged before.
    blocked_until timestamptz not null,
    constraint guesses_key_length check (octet_length(key) = 32),
    constraint guesses_failures_counted check (failures >= 0)
);

create index guesses_by_last on auth.guesses (last_at);

-- Browsers on which somebody has signed in before: what strangers guess elsewhere does not slow them.
-- Unlike `auth.known_devices`, which tells people of a new kind of browser or a new network, this
-- cannot be had by pretending to be one.
create table auth.known_browsers (
    -- SHA-256 of the token in the cookie.
    token_hash   bytea primary key,
    user_id      uuid not null references auth.users (id) on delete cascade,
    last_used_at timestamptz not null,
    constraint known_browsers_token_hash_length check (octet_length(token_hash) = 32)
);

create index known_browsers_by_user on auth.known_browsers (user_id, last_used_at);
create index known_browsers_by_last_use on auth.known_browsers (last_used_at);

create table auth.sign_up_challenges (
    id         uuid primary key,
    -- SHA-256 of the network that it was given to.
    network    bytea not null,
    -- So many leading bits of the hash have to be zero.
    difficulty smallint not null,
    created_at timestamptz not null,
    constraint sign_up_challenges_network_length check (octet_length(network) = 32),
    constraint sign_up_challenges_difficulty_bounded check (difficulty between 1 and 30)
);

create index sign_up_challenges_by_age on auth.sign_up_challenges (created_at);
