-- Discarding a draft used to close it, and so to show it to everybody as if it had been posted. Such
-- jobs, known by having been published in the moment they were closed, are their clients' drafts again.

update core.jobs
set status = 'draft', published_at = null, closed_at = null
where status = 'closed' and published_at = closed_at;
