-- no transaction
-- How much a webhook has waiting: counted before more is made, held back and set going again.
create index concurrently if not exists deliveries_webhook_pending_idx
  on deliveries (workspace_id, webhook_id) where webhook_id is not null and state = 'pending';
