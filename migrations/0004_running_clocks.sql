-- no transaction
-- The at-risk view reads the promises that are due next, and those that are broken, of the ones still running: few of all
-- there are. With ticket, metric and id in it, the rows themselves need not be read to count them.
create index concurrently if not exists clocks_running_idx
  on clocks (workspace_id, due_at, ticket_id, metric, id) where state = 'running';
