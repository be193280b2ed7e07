-- Customers drawn every month for people to say whether the tier is right: what the accuracy of the tiers is counted on.
create table tier_samples (
  workspace_id integer not null,
  id uuid not null,
  -- As in 2026-11, in the workspace's time zone.
  month text not null,
  -- No foreign key: what was judged stays counted when the customer is gone.
  customer_id uuid not null,
  -- Held when it was drawn, and the score of that day.
  tier text not null,
  model integer not null,
  total double precision not null,
  parts jsonb not null,
  -- The tier that people hold to be right; null until somebody has said.
  confirmed_tier text,
  note text,
  confirmed_by text,
  confirmed_at timestamptz(0),
  version integer not null default 1,
  created_at timestamptz(0) not null,
  updated_at timestamptz(0) not null,
  constraint tier_samples_pkey primary key (workspace_id, id),
  constraint tier_samples_customer_key unique (workspace_id, month, customer_id),
  constraint tier_samples_workspace_fkey foreign key (workspace_id) references workspaces (workspace_id)
);
