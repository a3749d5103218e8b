-- What people can do with their data: take it along, show a picture, and go.

-- The archive of all one's data, one for each person at a time.
create table auth.exports (
    user_id        uuid primary key references auth.users (id) on delete cascade,
    requested_at   timestamptz not null,
    -- Null while it is being made.
    ready_at       timestamptz,
    -- It can be downloaded until then, and is then deleted.
    expires_at     timestamptz,
    archive_sealed bytea,
    constraint exports_ready_with_archive
        check ((ready_at is null) = (archive_sealed is null) and (ready_at is null) = (expires_at is null)),
    constraint exports_archive_size check (octet_length(archive_sealed) <= 33554432)
);

create index exports_by_expiry on auth.exports (expires_at) where expires_at is not null;

-- Pictures of people, as they were written anew from what was uploaded. Everybody may see them.
create table core.avatars (
    user_id    uuid primary key references auth.users (id) on delete cascade,
    -- SHA-256 of the picture, which is part of its address.
    hash       bytea not null,
    -- A square JPEG.
    picture    bytea not null,
    created_at timestamptz not null,
    constraint avatars_hash_length check (octet_length(hash) = 32),
    constraint avatars_picture_size check (octet_length(picture) between 1 and 262144)
);

-- What is left of an account that was deleted: nothing by which its owner is known.
alter table auth.users
    add column deleted_at timestamptz,
    add constraint users_deleted_when_deleted check ((status = 'deleted') = (deleted_at is not null));
