-- no transaction
-- The courier claims by host: a receiver with many deliveries waiting is not in the way of the others.
create index concurrently if not exists deliveries_host_idx
  on deliveries (host, next_attempt_at) where live and next_attempt_at is not null;
