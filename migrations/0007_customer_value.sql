-- The tier follows from what a customer does: activities come from other systems, figures are taken of them, a model of the
-- workspace makes them a score and a tier, and a queue says when whose tier is to be looked at again.

-- What other systems know of a customer, beside what they do.
alter table customers
  add column customer_since timestamptz(0),
  -- Numbers another system gives, by key, for the model: {"lifetime_value": 120000}.
  add column figures jsonb not null default '{}',
  -- The customer this one was found to be. Its id and names stay good and mean that one.
  add column merged_into uuid,
  -- {tier, reason, until, actor, since}: while it holds, no score moves the tier. Null without one.
  add column tier_pin jsonb;

-- The model in force; 0 = none: tiers are given by people alone.
alter table workspaces add column tier_model integer not null default 0;

-- What a score said when it gave a tier: {model, total, parts}. Null where people gave it.
alter table tier_changes add column score jsonb;

create table activities (
  workspace_id integer not null,
  id uuid not null,
  customer_id uuid not null,
  contact_id uuid,
  kind text not null,
  at timestamptz(0) not null,
  -- As said, in the currency said; refunds are positive amounts, too.
  amount numeric(20, 4),
  currency text,
  -- In the currency of the workspace: what figures are taken of.
  base_amount numeric(20, 4),
  title text,
  details jsonb not null,
  external_ids jsonb not null,
  version integer not null default 1,
  created_at timestamptz(0) not null,
  updated_at timestamptz(0) not null,
  constraint activities_pkey primary key (workspace_id, id),
  constraint activities_customer_fkey foreign key (workspace_id, customer_id) references customers (workspace_id, id),
  constraint activities_contact_fkey foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
);
-- Figures are sums over one customer's time: with kind and amount in the index the rows need not be read.
create index activities_customer_idx on activities (workspace_id, customer_id, at, id, kind, base_amount);
create index activities_contact_idx on activities (workspace_id, contact_id) where contact_id is not null;
create index activities_created_idx on activities (workspace_id, created_at, id);
create index activities_updated_idx on activities (workspace_id, updated_at, id);

-- Every model a workspace ever had; the highest number is in force. None: tiers are given by people alone.
create table tier_models (
  workspace_id integer not null,
  number integer not null,
  definition jsonb not null,
  reason text,
  -- What percentiles and shares are read in: how values lie in the workspace, and when that was taken. Null when not needed.
  population jsonb,
  actor text not null,
  created_at timestamptz(0) not null,
  constraint tier_models_pkey primary key (workspace_id, number),
  constraint tier_models_workspace_fkey foreign key (workspace_id) references workspaces (workspace_id)
);

-- Where a customer stands under the model in force.
create table customer_scores (
  workspace_id integer not null,
  customer_id uuid not null,
  model integer not null,
  total double precision not null,
  parts jsonb not null,
  -- The tier that the rules give; the one held may differ for as long as a border must be crossed, and under a pin.
  target text not null,
  -- What the steps remember: since when and how many monthly runs the target was another one.
  standing jsonb not null,
  -- When a step that is decided takes effect; null when none is.
  moves_at timestamptz(0),
  -- The target is not the tier held.
  moving boolean not null,
  -- Why this customer may be lost; empty when nothing points to it.
  risks text[] not null,
  computed_at timestamptz(0) not null,
  version integer not null default 1,
  constraint customer_scores_pkey primary key (workspace_id, customer_id),
  constraint customer_scores_customer_fkey foreign key (workspace_id, customer_id) references customers (workspace_id, id)
);
create index customer_scores_moving_idx on customer_scores (workspace_id, customer_id) where moving;
create index customer_scores_risks_idx on customer_scores (workspace_id, customer_id) where cardinality(risks) > 0;

-- When whose tier is to be looked at: only ever added to, and deleted by who has looked, so that no touch is lost however
-- many write at once. Without a customer: the monthly run of the workspace.
create table tier_reviews (
  workspace_id integer not null,
  id uuid not null,
  customer_id uuid,
  due timestamptz(0) not null,
  -- False in a test workspace, whose clock the wall clock does not move.
  live boolean not null,
  -- Until then a process is at it.
  lease_until timestamptz(3),
  constraint tier_reviews_pkey primary key (workspace_id, id),
  constraint tier_reviews_customer_fkey foreign key (workspace_id, customer_id) references customers (workspace_id, id)
);
create index tier_reviews_due_idx on tier_reviews (due) where live;
create index tier_reviews_workspace_due_idx on tier_reviews (workspace_id, due);
create index tier_reviews_customer_idx on tier_reviews (workspace_id, customer_id);
