-- Other systems send what they know to an address of their own, signed in their own way; a mapping makes it customers,
-- contacts and activities. Secrets are encrypted: they must be read again to check a signature.
create table integrations (
  workspace_id integer not null,
  id uuid not null,
  name text not null,
  system text not null,
  signature jsonb not null,
  secret text not null,
  -- The secret before, valid until then on the wall clock; so that both sides need not change at the same moment.
  previous_secret text,
  previous_secret_until timestamptz(0),
  mapping text not null,
  active boolean not null,
  version integer not null default 1,
  created_at timestamptz(0) not null,
  updated_at timestamptz(0) not null,
  constraint integrations_pkey primary key (workspace_id, id),
  constraint integrations_workspace_fkey foreign key (workspace_id) references workspaces (workspace_id)
);
create index integrations_created_idx on integrations (workspace_id, created_at, id);
create index integrations_updated_idx on integrations (workspace_id, updated_at, id);
-- Who sends names the integration alone.
create index integrations_id_idx on integrations (id);

-- What came in and how it went: counts and codes, nothing of what was sent. The newest thousand or so of an integration.
create table integration_receipts (
  workspace_id integer not null,
  integration_id uuid not null,
  id uuid not null,
  at timestamptz(0) not null,
  -- The sender's own name for the message, where its way of signing has one: a repeat is known by it.
  message text,
  created integer not null,
  updated integer not null,
  unchanged integer not null,
  failed integer not null,
  errors jsonb not null,
  constraint integration_receipts_pkey primary key (workspace_id, integration_id, id),
  constraint integration_receipts_integration_fkey foreign key (workspace_id, integration_id)
    references integrations (workspace_id, id)
);
create index integration_receipts_message_idx on integration_receipts (workspace_id, integration_id, message)
  where message is not null;
