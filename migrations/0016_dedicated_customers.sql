-- no transaction
-- The customers of one agent: listed for them, and looked for before the agent can be deleted.
create index concurrently if not exists customers_dedicated_idx
  on customers (workspace_id, dedicated_agent_id, id) where dedicated_agent_id is not null;
