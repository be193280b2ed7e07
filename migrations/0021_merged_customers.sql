-- no transaction
-- Who was merged into a customer: asked whenever something is listed of that customer.
create index concurrently if not exists customers_merged_idx
  on customers (workspace_id, merged_into, id) where merged_into is not null;
