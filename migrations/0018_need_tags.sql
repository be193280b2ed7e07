-- What a customer wants, said by people or found by rules of the workspace.
create table need_rules (
  workspace_id integer not null,
  id uuid not null,
  key text not null,
  tag text not null,
  confidence double precision not null,
  active boolean not null,
  conditions jsonb not null,
  version integer not null default 1,
  created_at timestamptz(0) not null,
  updated_at timestamptz(0) not null,
  constraint need_rules_pkey primary key (workspace_id, id),
  constraint need_rules_key_key unique (workspace_id, key),
  constraint need_rules_workspace_fkey foreign key (workspace_id) references workspaces (workspace_id)
);

create table customer_need_tags (
  workspace_id integer not null,
  customer_id uuid not null,
  tag text not null,
  -- Who says so: a person's word is not touched by rules.
  source text not null,
  -- The rule that gave it, kept when a person confirms or rejects it: that is how rules are judged. Null without one.
  rule text,
  confidence double precision not null,
  -- A rejected one stays, so that no rule gives it again.
  state text not null,
  reason text,
  actor text not null,
  since timestamptz(0) not null,
  version integer not null default 1,
  updated_at timestamptz(0) not null,
  constraint customer_need_tags_pkey primary key (workspace_id, customer_id, tag),
  constraint customer_need_tags_customer_fkey foreign key (workspace_id, customer_id) references customers (workspace_id, id)
);
-- Who has a tag.
create index customer_need_tags_tag_idx on customer_need_tags (workspace_id, tag, customer_id) where state = 'held';
-- Whether any tag of a rule is still held: asked at reviews where there are no rules any more.
create index customer_need_tags_rule_idx on customer_need_tags (workspace_id, rule) where source = 'rule';
