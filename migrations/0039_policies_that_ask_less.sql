-- The same rows for the same people. What `(select auth.me())` prepares once for many rows costs more than
-- it saves where there is one row, or where what is public is let through before anybody asks who looks.
lock table core.jobs, core.profiles, ai.matches, ai.feeds in access exclusive mode;
alter policy own on ai.feeds using (user_id = auth.me());
alter policy shown on core.profiles using (visibility = 'visible' or user_id = auth.me());
alter policy published on core.jobs using (status not in ('draft', 'held') or client_id = auth.me());
alter policy concerned on ai.matches using (
    freelancer_id = (select auth.me())
    or job_id in (select id from core.jobs where client_id = auth.me()));
