-- no transaction
-- The log of a webhook, newest first.
create index concurrently if not exists deliveries_webhook_idx
  on deliveries (workspace_id, webhook_id, created_at, id) where webhook_id is not null;
