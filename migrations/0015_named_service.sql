-- Named service: by whom a customer is looked after, and what each tier asks for. The keys hold for every new row at once;
-- 0017 finds them true of the old ones, too, without keeping anybody waiting.
alter table customers
  -- Whose customer it is; who serves while that agent is away; who advises online.
  add column dedicated_agent_id uuid,
  add column deputy_agent_id uuid,
  add column adviser_id uuid;
alter table customers
  add constraint customers_dedicated_agent_fkey foreign key (workspace_id, dedicated_agent_id) references agents (workspace_id, id) not valid,
  add constraint customers_deputy_agent_fkey foreign key (workspace_id, deputy_agent_id) references agents (workspace_id, id) not valid,
  add constraint customers_adviser_fkey foreign key (workspace_id, adviser_id) references agents (workspace_id, id) not valid;

-- What customers of the tier get beside the promises of its policies; what is not said in it is not asked for.
alter table tiers add column service jsonb not null default '{}';

-- The tier that held when the ticket was opened: what reports count by. It never moves, while tier follows the customer.
alter table tickets add column opened_tier text;
