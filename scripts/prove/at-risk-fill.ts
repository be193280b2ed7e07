/** A busy desk in rows: tickets, their promises and the teams that hold them, made by the database itself. */

import type pg from 'pg';

export interface Fill {
  workspaceId: number;
  /** How many; three promises each. */
  tickets: number;
  /** Of them, still open: every second of the newest ones. */
  open: number;
  teams: number;
}

/** How many tickets one statement makes. */
const BATCH = 100_000;

/** The share that was there when the database last tidied up. */
const SEEN = 0.8;

/** The past they are spread over, evenly up to now. */
const DAYS = 365;

/**
 * A number from 0 to 1 that looks drawn and is always the same for a ticket: two runs make the same desk, and what one
 * statement says of a ticket another one knows.
 */
const drawn = (salt: string) => `((hashint8extended(n, ${salt}) & 1048575) / 1048576.0)`;

/** UUIDv7 as the desk makes them: what was made at one time lies together in every index. */
const uuidOf = (salt: string) =>
  `(lpad(to_hex((extract(epoch from made) * 1000)::bigint), 12, '0') || '7' || substr(md5(n || ${salt}), 1, 3)
    || '8' || substr(md5(n || ${salt}), 4, 15))::uuid`;

/** The nth ticket: when it came, and whether it is still open. */
const MADE = `
  select n, now() - interval '${DAYS} days' * (1 - n / $2::float8) as made, 
    n > $2::bigint - 2 * $3::bigint and ${drawn('6')} < 0.5 as is_open
  from generate_series($4::bigint, $5::bigint) n`;

const TICKETS = `
  insert into tickets (workspace_id, id, number, subject, kind, channel, priority, tier, status, status_category,
    custom_fields, team_id, assignee_id, tags, external_ids, chase_count, reopen_count, customer_message_count,
    agent_reply_count, search, created_at, updated_at)
  select $1, ${uuidOf("'ticket'")}, n, 'Machine ' || n || ' has stopped', (array['complaint', 'fault', 'basic'])[1 + n % 3],
    (array['email', 'phone'])[1 + n % 2], (array['normal', 'normal', 'high', 'urgent'])[1 + n % 4],
    case when n % 50 = 0 then null else (array['core', 'potential', 'normal', 'normal', 'normal'])[1 + n % 5] end,
    state, state, '{}', team, null, '{}', '{}', 0, 0, 1, 1,
    to_tsvector('simple', 'machine ' || n || ' has stopped'), date_trunc('second', made), date_trunc('second', made)
  from (
    select n, made,
      case when not is_open then 'closed' when ${drawn('1')} < 0.6 then 'pending' else 'open' end as state,
      -- Some teams have much to do and one ticket in twenty belongs to none.
      case when n % 20 = 0 then null
        else ($6::uuid[])[1 + floor(power(${drawn('2')}, case when is_open then 2 else 1.5 end) * cardinality($6::uuid[]))::int]
      end as team
    from (${MADE}) made
  ) ticket`;

/** What is done was done within two days; what runs is due over the coming days, a tenth of it already late. */
const CLOCKS = `
  insert into clocks (workspace_id, id, ticket_id, metric, cycle, state, target, policy_key, policy_version, started_at,
    due_at, warn_at, elapsed_seconds, paused_seconds, stopped_at, breached, breached_at, said)
  select $1, id, ticket, metric, 1, state, 'PT24H', 'prove', 1, date_trunc('second', made),
    case when state = 'paused' then null else due end, '{}', 3600, 0,
    case when state in ('met', 'missed') then stop end,
    state = 'missed' or (state = 'running' and due < now()),
    case when state = 'missed' or (state = 'running' and due < now()) then due end, '{}'
  from (
    select *, case when not still then case when stop > due then 'missed' else 'met' end
      when is_paused then 'paused' else 'running' end as state
    from (
      select *, date_trunc('second', case when still
          then now() + interval '1 second' * days * 86400 * (${drawn('3 + length(metric)')} * 1.1 - 0.1)
          else made + interval '24 hours' end) as due,
        date_trunc('second', least(now(), made + interval '48 hours' * power(${drawn('4 + length(metric)')}, 3))) as stop
      from (
        select n, made, metric, days, ${drawn('1')} < 0.6 as is_paused, is_open and ${drawn('5')} < share as still,
          ${uuidOf("'ticket'")} as ticket,
          ${uuidOf('metric')} as id
        from (${MADE}) made
        cross join (values ('first_response', 0.02, 1), ('next_response', 0.3, 4), ('resolution', 1, 25))
          promise(metric, share, days)
      ) promise
    ) timed
  ) clock`;

/** Fills an empty workspace; the instants are relative to the database's now. */
export async function fill(client: pg.Client, { workspaceId, tickets, open, teams }: Fill): Promise<void> {
  await client.query('set synchronous_commit = off');
  const made = await client.query<{ id: string }>(
    `insert into teams (workspace_id, id, name, created_at, updated_at)
     select $1, gen_random_uuid(), 'Team ' || n, now(), now() from generate_series(1, $2::int) n returning id`,
    [workspaceId, teams],
  );
  const ids = made.rows.map(({ id }) => id);
  for (let first = 1; first <= tickets; first += BATCH) {
    const last = Math.min(tickets, first + BATCH - 1);
    // One now for both: the same ticket must come at the same instant.
    await client.query('begin');
    await client.query(TICKETS, [workspaceId, tickets, open, first, last, ids]);
    await client.query(CLOCKS, [workspaceId, tickets, open, first, last]);
    await client.query('commit');
    // Autovacuum comes when a fifth has changed: what is newer than that it has seen on no desk.
    if (first <= SEEN * tickets && last >= SEEN * tickets) await client.query('vacuum tickets, clocks');
  }
  // The desk goes on behind their numbers.
  await client.query('insert into number_blocks (workspace_id, next) values ($1, $2::bigint + 1)', [
    workspaceId,
    tickets,
  ]);
  await client.query('analyze');
}
