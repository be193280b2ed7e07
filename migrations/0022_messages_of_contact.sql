-- no transaction
-- On which tickets a person wrote: asked when they are erased, or want to know what is kept of them.
create index concurrently if not exists messages_contact_idx
  on messages (workspace_id, contact_id, ticket_id) where contact_id is not null;
