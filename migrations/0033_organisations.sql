-- Organisations that sign their people in with an issuer of their own.

create table auth.organisations (
    id                   uuid primary key,
    name                 text not null,
    -- Where the people are at home whom it brings in.
    region               text not null,
    created_at           timestamptz not null,
    -- Of their OpenID provider; null until it is set up.
    issuer               text,
    client_id            text,
    client_secret_sealed bytea,
    -- What it is asked for beyond the usual.
    scopes               text[] not null default '{}',
    -- The claim that lists a person's groups, where roles follow from them.
    groups_claim         text,
    -- The role of whoever is in none of the groups; without one they do not come in.
    default_role         text,
    -- Changes with these settings, so that what was remembered of former ones is forgotten.
    revision             integer not null default 0,
    -- When somebody who sets it up came in by the issuer as it is set up now.
    tried_at             timestamptz,
    -- Whether people with an address of its domains come in by its issuer alone.
    required             boolean not null default false,
    constraint organisations_name_length check (length(name) between 2 and 80),
    constraint organisations_region_known check (region in ('NA', 'EU', 'ASIA', 'SA')),
    constraint organisations_issuer_length check (length(issuer) between 1 and 2000),
    constraint organisations_client_id_length check (length(client_id) between 1 and 255),
    constraint organisations_client_secret_length check (octet_length(client_secret_sealed) <= 2000),
    constraint organisations_scopes_length check (
        cardinality(scopes) <= 10 and length(array_to_string(scopes, ' ')) <= 1300),
    constraint organisations_groups_claim_length check (length(groups_claim) between 1 and 128),
    -- What administrators may do, no organisation gives away.
    constraint organisations_default_role_known check (default_role in ('user_freelancer', 'user_client')),
    constraint organisations_issuer_whole check (
        (issuer is null) = (client_id is null) and (issuer is null) = (client_secret_sealed is null)),
    -- Nobody is shut out by an issuer that has let nobody in.
    constraint organisations_required_once_tried check (not required or (issuer is not null and tried_at is not null))
);

-- Who sets it up.
create table auth.organisation_managers (
    organisation_id uuid not null references auth.organisations (id) on delete cascade,
    user_id         uuid not null references auth.users (id) on delete cascade,
    constraint organisation_managers_pkey primary key (user_id)
);

create index organisation_managers_by_organisation on auth.organisation_managers (organisation_id);

-- The domains that an organisation says are its own.
create table auth.organisation_domains (
    organisation_id uuid not null references auth.organisations (id) on delete cascade,
    domain          text not null,
    -- What a TXT record of the domain must say. Not a secret: only who holds the domain can publish it.
    proof_token     text not null,
    proved_at       timestamptz,
    -- When the record was looked for last, and since when it has not been there any more.
    last_checked_at timestamptz,
    missing_since   timestamptz,
    constraint organisation_domains_pkey primary key (organisation_id, domain),
    constraint organisation_domains_form check (domain = lower(domain) and length(domain) between 3 and 190),
    constraint organisation_domains_proof_token_length check (length(proof_token) between 20 and 100),
    constraint organisation_domains_missing_once_proved check (missing_since is null or proved_at is not null)
);

-- Anybody may say so; one can have proved it.
create unique index organisation_domains_proved_once on auth.organisation_domains (domain)
    where proved_at is not null;
create index organisation_domains_to_check on auth.organisation_domains (last_checked_at)
    where proved_at is not null;

-- Which role the members of a group have.
create table auth.organisation_groups (
    organisation_id uuid not null references auth.organisations (id) on delete cascade,
    group_name      text not null,
    role            text not null,
    constraint organisation_groups_pkey primary key (organisation_id, group_name, role),
    constraint organisation_groups_name_length check (octet_length(group_name) between 1 and 255),
    constraint organisation_groups_role_known check (role in ('user_freelancer', 'user_client'))
);

-- Whom an organisation's issuer vouches for. Not among the other external identities: what one
-- organisation's issuer says counts for nothing elsewhere, should another one name the same.
create table auth.organisation_identities (
    organisation_id uuid not null references auth.organisations (id) on delete cascade,
    user_id         uuid not null references auth.users (id) on delete cascade,
    issuer          text not null,
    subject         text not null,
    linked_at       timestamptz not null,
    last_used_at    timestamptz not null,
    constraint organisation_identities_pkey primary key (organisation_id, user_id),
    constraint organisation_identities_subject_unique unique (organisation_id, issuer, subject),
    constraint organisation_identities_issuer_length check (length(issuer) between 1 and 2000),
    constraint organisation_identities_subject_length check (length(subject) between 1 and 255)
);

create index organisation_identities_by_user on auth.organisation_identities (user_id);

-- One sees one's own; the house alone writes, once it knows who somebody is. The other tables are the
-- house's.
call auth.only_own('auth.organisation_managers');
call auth.only_own('auth.organisation_identities');
revoke insert, update, delete on auth.organisation_managers, auth.organisation_identities from eighth_app;

alter table auth.pending_sign_ins
    drop constraint pending_sign_ins_first_factor_known,
    add constraint pending_sign_ins_first_factor_known
        check (first_factor in ('password', 'passkey', 'email_link', 'issuer', 'organisation'));

alter table auth.external_flows
    drop constraint external_flows_purpose_known,
    add constraint external_flows_purpose_known
        check (purpose in ('sign_in', 'link', 'confirm', 'sign_up', 'try')),
    drop constraint external_flows_of_somebody,
    add constraint external_flows_of_somebody
        check ((purpose in ('link', 'confirm', 'try')) = (user_id is not null));
