/** The feed misses nothing and repeats nothing while many write and commit in another order than they began. */

import pg from 'pg';
import { test } from 'tap';
import { decodeSequence, encodeSequence } from '../../src/domains/events/store.ts';
import { decodeId, newId } from '../../src/ids.ts';
import { openTestDesk } from '../support/desk.ts';

const WRITERS = 16;
const TRANSACTIONS = 25;

test('a reader that follows the sequence sees every event once, while 16 writers commit out of order', async (t) => {
  const desk = await openTestDesk(t);
  const pool = new pg.Pool({ connectionString: desk.desk.db.pool.options.connectionString, max: WRITERS });
  t.teardown(() => pool.end());
  const written: string[] = [];
  let writing = true;

  const write = async () => {
    const client = await pool.connect();
    for (let n = 0; n < TRANSACTIONS; n++) {
      // The number is taken at the first write and the commit comes later: the order of numbers is not that of commits.
      await client.query('begin');
      for (let event = 0; event < 2; event++) {
        const id = newId('event');
        written.push(id);
        await client.query(
          `insert into events (workspace_id, epoch, id, type, occurred_at, actor, door, subject, data)
           values ($1, $2, $3, 'thing.happened', now(), 'writer', 'rest', 'x', '{}')`,
          [desk.workspaceId, desk.desk.services.epoch, decodeId('event', id)],
        );
        await client.query('select pg_sleep(random() * 0.004)');
      }
      await client.query('commit');
    }
    client.release();
  };

  const seen: string[] = [];
  const sequences: string[] = [];
  const follow = async () => {
    let after = '';
    for (;;) {
      const last = !writing;
      // Not through `rest`, which waits for the writers: this reader races them.
      const answer = await desk.inject({
        url: `/v1/events?limit=200&type=thing.happened${after === '' ? '' : `&after=${after}`}`,
        headers: { authorization: `Bearer ${desk.key}` },
      });
      const body = answer.json();
      for (const event of body.data) {
        seen.push(event.id);
        sequences.push(event.sequence);
        after = event.sequence;
      }
      if (last && body.data.length === 0) return;
    }
  };

  const reading = follow();
  await Promise.all(Array.from({ length: WRITERS }, write));
  writing = false;
  await reading;
  t.equal(seen.length, written.length);
  t.equal(new Set(seen).size, written.length, 'none twice');
  t.strictSame([...seen].sort(), [...written].sort(), 'none missed');
  t.strictSame(sequences.toSorted(), sequences, 'and compared as text they rise');
});

test('a sequence compares as text the way its place lies, and what was given out before is still read', (t) => {
  const ids = ['0192f000-0000-7000-8000-000000000001', '0192f000-0000-7000-8000-00000000000a'];
  const places = [1, 2, 10].flatMap((epoch) =>
    Array.from({ length: 300 }, (_, n) => ids.map((id) => ({ epoch, tx: String(9_850 + n), id }))).flat(),
  );
  const sequences = places.map(encodeSequence);
  t.strictSame(sequences.toSorted(), sequences);
  t.strictSame(sequences.map(decodeSequence), places);
  const old = ({ epoch, tx, id }: (typeof places)[number]) => Buffer.from(`${epoch}.${tx}.${id}`).toString('base64url');
  t.strictSame(places.map(old).map(decodeSequence), places);
  t.ok(
    places.every((place) => old(place) < sequences[0]!),
    'those lie before',
  );
  const [sequence] = sequences as [string];
  for (const no of ['', 's', sequence.slice(1), `${sequence}0`, sequence.toUpperCase(), sequence.replace('s0', 's9')]) {
    t.throws(() => decodeSequence(no), { code: 'invalid_cursor' }, no);
  }
  t.end();
});
