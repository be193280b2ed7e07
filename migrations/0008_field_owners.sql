-- Two systems may feed one customer: each field can belong to one of them, and what the other one sends of it is left
-- aside. People are not bound by it. Without a row a field belongs to nobody, and whoever speaks last is heard.
create table field_owners (
  workspace_id integer not null,
  resource text not null,
  -- As in name, profile.industry, or figures for all of them.
  field text not null,
  system text not null,
  constraint field_owners_pkey primary key (workspace_id, resource, field),
  constraint field_owners_workspace_fkey foreign key (workspace_id) references workspaces (workspace_id)
);
