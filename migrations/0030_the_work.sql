-- What the work on a ticket adds to it: its step of the process, what it waits for, what was offered and chosen, the ticket it
-- continues, its common cause, who is copied in, who supervises it, and when it closes by itself.

alter table tickets
  -- Key of the step of the process it is in, and since when; null while the workspace has no process.
  add column step text,
  add column step_since timestamptz(0),
  -- Side tasks that are open: it waits for them.
  add column open_task_count integer not null default 0,
  -- Solution options on offer, and the one the customer chose.
  add column option_count integer not null default 0,
  add column chosen_option_id uuid,
  -- The closed ticket that it continues.
  add column follows_id uuid,
  -- The common cause of many tickets.
  add column incident_id uuid,
  -- Agents who are told of what happens to it.
  add column copied_in_ids uuid[] not null default '{}',
  -- {agentId, reason, since}: who watches over it. Null: nobody.
  add column supervision jsonb,
  -- {severity, compensation, rootCause} of a complaint.
  add column complaint jsonb,
  -- Since when it waits for an agent to be found; null when it has one, or none is looked for.
  add column queued_at timestamptz(0),
  -- When it closes by itself; null when it does not.
  add column close_at timestamptz(0);

-- TypeID of the side task, escalation or feedback that is promised something; null: the ticket itself is.
alter table clocks add column subject text;
