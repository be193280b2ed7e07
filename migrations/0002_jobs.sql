-- Long work (recomputing open tickets, trying policies on the past) is a row of its own: asked for by the statement of the
-- change that needs it, claimed by a lease like timers, so that another process goes on where a killed one had kept its place.
create table jobs (
  workspace_id integer not null,
  id uuid not null,
  type text not null,
  state text not null,
  input jsonb not null,
  -- Where it goes on after an interruption; only its own code reads it.
  checkpoint jsonb,
  done integer not null,
  total integer,
  result jsonb,
  error jsonb,
  actor text not null,
  -- How often it was begun since it last got on.
  attempts integer not null,
  lease_until timestamptz(3),
  version integer not null default 1,
  created_at timestamptz(0) not null,
  started_at timestamptz(0),
  finished_at timestamptz(0),
  updated_at timestamptz(0) not null,
  constraint jobs_pkey primary key (workspace_id, id),
  constraint jobs_workspace_fkey foreign key (workspace_id) references workspaces (workspace_id)
);
create index jobs_created_idx on jobs (workspace_id, created_at, id);
create index jobs_open_idx on jobs (id) where state in ('queued', 'running');
