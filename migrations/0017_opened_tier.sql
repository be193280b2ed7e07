-- no transaction
-- What 0015 added is made true of the rows that were there before.
-- Every ticket's history begins with the tier that held when it was opened. It is copied 2,000 tickets at a time, each time
-- committed, so that nobody waits long for a row; what was cut off goes on where tickets have none yet.
do $$
declare
  last_workspace integer := 0;
  last_ticket uuid := '00000000-0000-0000-0000-000000000000';
begin
  loop
    with next as materialized (
      select workspace_id, id from tickets
      where (workspace_id, id) > (last_workspace, last_ticket)
      order by workspace_id, id limit 2000
      for no key update
    ), copied as (
      update tickets set opened_tier = opened.data ->> 'tier'
      from next
      join ticket_events opened
        on opened.workspace_id = next.workspace_id and opened.ticket_id = next.id and opened.position = 1
      where tickets.workspace_id = next.workspace_id and tickets.id = next.id
        and tickets.opened_tier is null and opened.data ->> 'tier' is not null
    )
    select workspace_id, id into last_workspace, last_ticket
    from next order by workspace_id desc, id desc limit 1;
    exit when not found;
    commit;
  end loop;
  alter table customers validate constraint customers_dedicated_agent_fkey;
  commit;
  alter table customers validate constraint customers_deputy_agent_fkey;
  commit;
  alter table customers validate constraint customers_adviser_fkey;
end
$$;
