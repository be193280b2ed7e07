-- no transaction
-- The at-risk view reads what was kept in the last seven days: the pace of each team.
create index concurrently if not exists clocks_met_idx
  on clocks (workspace_id, stopped_at) where state = 'met';
