-- Envelope encryption: the keys that seal single values, themselves wrapped by a key of the operator
-- that is never stored here.

create table auth.data_keys (
    id         uuid primary key,
    -- The name of the operator's key that wraps this one.
    kek        text not null,
    wrapped    bytea not null,
    created_at timestamptz not null,
    -- Seals nothing from then on; deleted once nothing is sealed with it.
    retired_at timestamptz,
    constraint data_keys_kek_form check (kek ~ '^[a-z0-9-]{1,32}$'),
    -- A nonce of 12 bytes, the 32 of the key, and a tag of 16.
    constraint data_keys_wrapped_length check (octet_length(wrapped) = 60)
);

-- One key seals at a time.
create unique index data_keys_one_current on auth.data_keys ((true)) where retired_at is null;

-- What a person tells us that nobody else is to see. Every column whose name ends in `_sealed` holds
-- sealed values.
create table auth.private_details (
    user_id           uuid primary key references auth.users (id) on delete cascade,
    phone_sealed      bytea,
    legal_name_sealed bytea,
    updated_at        timestamptz not null,
    constraint private_details_phone_length check (octet_length(phone_sealed) <= 200),
    constraint private_details_legal_name_length check (octet_length(legal_name_sealed) <= 1000)
);
