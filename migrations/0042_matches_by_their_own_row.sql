-- The same rows for the same people.
drop index ai.matches_of_job;
alter policy concerned on ai.matches using ((select auth.me()) = any (array[freelancer_id, client_id]));
