-- Steps of escalation act: who is to know of a clock is told by a notification, and who listens outside by a delivery.
-- Both are made by the statement that says the step, so that neither is made twice or lost.
create table notifications (
  workspace_id integer not null,
  id uuid not null,
  ticket_id uuid not null,
  -- The event of the feed that said the step.
  event_id uuid not null,
  metric text not null,
  cycle integer not null,
  policy_key text not null,
  policy_version integer not null,
  step integer not null,
  role text not null,
  -- No foreign key: an agent who leaves is not held here by what he once was told.
  agent_id uuid,
  address text,
  -- Nobody was found for the role: kept all the same, so that it can be seen.
  unresolved boolean not null,
  facts jsonb not null,
  read_at timestamptz(0),
  version integer not null default 1,
  created_at timestamptz(0) not null,
  updated_at timestamptz(0) not null,
  constraint notifications_pkey primary key (workspace_id, id),
  constraint notifications_ticket_fkey foreign key (workspace_id, ticket_id) references tickets (workspace_id, id)
);
create index notifications_created_idx on notifications (workspace_id, created_at, id);
create index notifications_agent_idx on notifications (workspace_id, agent_id, created_at, id);
create index notifications_ticket_idx on notifications (workspace_id, ticket_id, created_at, id);

-- What is to be sent to an address outside, and how far that is. Its own timer: claimed by a lease like the timers of
-- tickets, but on an index of its own, so that neither slows the claims of the other.
create table deliveries (
  workspace_id integer not null,
  id uuid not null,
  ticket_id uuid,
  url text not null,
  -- Of the url: no host gets many at once.
  host text not null,
  event_id uuid not null,
  event_type text not null,
  body jsonb not null,
  state text not null,
  attempts integer not null,
  next_attempt_at timestamptz(0),
  last_attempt_at timestamptz(0),
  last_status integer,
  last_error text,
  delivered_at timestamptz(0),
  -- False in a test workspace, whose clock the wall clock does not move.
  live boolean not null,
  -- Until then a process is at it.
  lease_until timestamptz(3),
  version integer not null default 1,
  created_at timestamptz(0) not null,
  updated_at timestamptz(0) not null,
  constraint deliveries_pkey primary key (workspace_id, id),
  constraint deliveries_ticket_fkey foreign key (workspace_id, ticket_id) references tickets (workspace_id, id)
);
create index deliveries_created_idx on deliveries (workspace_id, created_at, id);
create index deliveries_state_idx on deliveries (workspace_id, state, created_at, id);
create index deliveries_ticket_idx on deliveries (workspace_id, ticket_id, created_at, id);
create index deliveries_due_idx on deliveries (next_attempt_at) where live and next_attempt_at is not null;
create index deliveries_workspace_due_idx on deliveries (workspace_id, next_attempt_at) where next_attempt_at is not null;
