-- Whom a match concerns stands in its row, so that its policy need not look for the reader's jobs. A job stays
-- its client's; the database answers for it, whoever writes, the former program too.
alter table ai.matches add column client_id uuid;

create function ai.name_client() returns trigger language plpgsql as $$
begin
    select client_id into new.client_id from core.jobs where id = new.job_id;
    return new;
end
$$;
create trigger name_client before insert on ai.matches for each row execute function ai.name_client();
