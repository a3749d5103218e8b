-- Apart from what the next one changes, so that everybody reads on meanwhile.
update ai.matches m set client_id = j.client_id from core.jobs j where j.id = m.job_id and m.client_id is null;

-- Candidates are counted in the index alone.
create index matches_of_job_and_client on ai.matches (job_id, score desc, freelancer_id) include (client_id)
    where removed_at is null;
