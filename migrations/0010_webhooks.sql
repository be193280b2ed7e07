-- Webhooks: addresses outside that are told of events. What people edit and how far each has been told stand apart, so
-- that neither holds the other up.
create table webhooks (
  workspace_id integer not null,
  id uuid not null,
  name text not null,
  url text not null,
  -- Exact types, or all of a subject's as in ticket.*; none: everything.
  event_types text[] not null,
  -- wecom, dingtalk or feishu: a robot of a chat, spoken to in its own words.
  robot text,
  -- What the robot signs with, encrypted.
  robot_secret text,
  -- Liquid; null: the event as it is, or what the robot understands.
  template text,
  content_type text not null,
  active boolean not null,
  disabled_reason text,
  disabled_at timestamptz(0),
  -- Nothing was taken since then. Written by the courier, which moves no version.
  failing_since timestamptz(0),
  -- Encrypted.
  secret text not null,
  -- The one before, for as long as both sign.
  previous_secret text,
  previous_until timestamptz(0),
  version integer not null default 1,
  created_at timestamptz(0) not null,
  updated_at timestamptz(0) not null,
  constraint webhooks_pkey primary key (workspace_id, id),
  constraint webhooks_workspace_fkey foreign key (workspace_id) references workspaces (workspace_id)
);
create index webhooks_created_idx on webhooks (workspace_id, created_at, id);
create index webhooks_updated_idx on webhooks (workspace_id, updated_at, id);

-- How far a webhook has been told: the place in the feed after which it knows nothing.
create table webhook_cursors (
  workspace_id integer not null,
  -- Of the webhook.
  id uuid not null,
  epoch integer not null,
  tx xid8 not null,
  event_id uuid not null,
  -- Nothing recorded before is told: the end of the feed lies before transactions that were still running then.
  not_before timestamptz(3),
  -- Deliveries wait to be brought in line with the webhook: it was switched on again, or moved to another address.
  held boolean not null,
  -- False in a test workspace, whose clock the wall clock does not move.
  live boolean not null,
  -- Until then a process is at it.
  lease_until timestamptz(3),
  revision integer not null default 1,
  constraint webhook_cursors_pkey primary key (workspace_id, id),
  constraint webhook_cursors_webhook_fkey foreign key (workspace_id, id) references webhooks (workspace_id, id)
);

-- A delivery to a webhook points at its event instead of holding it (its body is empty): no copy is left behind when an
-- event is erased, and making and marking deliveries stays cheap.
alter table deliveries
  -- No foreign key: the log outlives the webhook.
  add column webhook_id uuid,
  add column event_epoch integer,
  add column event_tx xid8;
-- Of a delivery that is saved with its event.
alter table deliveries alter column event_tx set default pg_current_xact_id();
