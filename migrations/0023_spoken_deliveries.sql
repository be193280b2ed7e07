-- no transaction
-- What receivers said of an event, which may be its own words: asked when they are erased. Few deliveries have any.
create index concurrently if not exists deliveries_spoken_idx
  on deliveries (workspace_id, event_id) where last_error is not null;
