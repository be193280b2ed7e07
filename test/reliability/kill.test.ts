/** A process killed in the middle of its work loses nothing it has acknowledged, and does nothing twice. */

import { Agent } from 'node:http';
import { test } from 'tap';
import { kindOfId } from '../../src/ids.ts';
import { openTestDatabase } from '../support/database.ts';
import { ADMIN_KEY, callerOf, type DeskProcess, startDesk } from '../support/process.ts';
import { until } from '../support/until.ts';

const TICKETS = 500;
const CLIENTS = 16;
/** Acknowledged tickets after which the process is killed. */
const KILLS = [TICKETS / 4, TICKETS / 2];

test(`${TICKETS} creates by ${CLIENTS} clients through ${KILLS.length} kills: each is there exactly once`, async (t) => {
  const { db, url } = await openTestDatabase(t);
  let desk: DeskProcess = await startDesk(t, url);
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  t.teardown(() => agent.destroy());
  const call = callerOf(ADMIN_KEY, agent);
  const acknowledged = new Map<string, { id: string; number: number }>();
  let retried = 0;
  let replayed = 0;

  /** As a careful client does it: the same key until there is an answer. */
  const create = async (key: string) => {
    await until(
      `ticket ${key} is acknowledged`,
      async () => {
        const body = { subject: key, kind: 'complaint', channel: 'email', message: `The message of ${key}.` };
        const answer = await call(`${desk.url}/v1/tickets`, 'POST', body, { 'Idempotency-Key': key }).catch(() => null);
        if (answer === null || answer.status === 503) {
          retried++;
          return null;
        }
        if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
        if (answer.headers['idempotency-replayed'] === 'true') replayed++;
        acknowledged.set(key, { id: answer.body.id, number: answer.body.number });
        return true;
      },
      { within: 30_000, every: 20 },
    );
  };

  let next = 0;
  const client = async () => {
    while (next < TICKETS) await create(`key-${next++}`);
  };
  const killer = async () => {
    for (const at of KILLS) {
      await until(`${at} acknowledged`, () => acknowledged.size >= at, { within: 30_000, every: 1 });
      desk.kill('SIGKILL');
      t.equal(await desk.ended, 'SIGKILL');
      desk = await startDesk(t, url);
    }
  };
  await Promise.all([killer(), ...Array.from({ length: CLIENTS }, client)]);
  t.comment(`${retried} requests without an answer, ${replayed} answers given again`);
  t.ok(retried > 0, 'the kills were felt');

  const tickets = await db.pool.query<{
    id: string;
    number: number;
    subject: string;
    messages: string;
    created: string;
  }>(
    `select t.id, t.number, t.subject,
       (select count(*) from messages m where m.workspace_id = t.workspace_id and m.ticket_id = t.id) as messages,
       (select count(*) from ticket_events e
        where e.workspace_id = t.workspace_id and e.ticket_id = t.id and e.type = 'created') as created
     from tickets t`,
  );
  t.equal(tickets.rows.length, TICKETS, 'one ticket per key');
  t.equal(new Set(tickets.rows.map(({ subject }) => subject)).size, TICKETS);
  t.equal(new Set(tickets.rows.map(({ number }) => number)).size, TICKETS, 'numbers are unique');
  t.strictSame(
    tickets.rows.filter(({ messages, created }) => messages !== '1' || created !== '1'),
    [],
    'each has its one message and begins once',
  );
  const told = await db.pool.query(
    `select subject from events where type = 'ticket.created' group by subject having count(*) = 1`,
  );
  t.equal(told.rows.length, TICKETS, 'the feed tells each once');
  const numbers = new Map(tickets.rows.map(({ subject, number }) => [subject, Number(number)]));
  const wrong = [...acknowledged].filter(([key, { number }]) => numbers.get(key) !== number);
  t.strictSame(wrong, [], 'every acknowledged ticket is the one that is there');

  const again = await call(`${desk.url}/v1/tickets`, 'POST', { subject: 'another' }, { 'Idempotency-Key': 'key-0' });
  t.equal(again.status, 422, 'another body with an old key');
  const [first] = acknowledged.values();
  t.equal(kindOfId(first!.id), 'ticket');
  t.equal((await call(`${desk.url}/v1/tickets/${first!.id}`, 'GET')).body.number, first!.number);
});
