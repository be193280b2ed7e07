/** What the database as a whole remembers: its epoch, which moves when it was restored with smaller transaction numbers. */

import type { Db } from './connect.ts';

/** The epoch of the feed; a new one begins when this database counts transactions from further back than it once did. */
export async function readEpoch(db: Db): Promise<number> {
  const answer = await db.pool.query<{ epoch: number }>(
    `insert into instance (singleton, epoch, last_tx) values (true, 1, pg_current_xact_id())
     on conflict (singleton) do update set
       epoch = instance.epoch + case when pg_current_xact_id() < instance.last_tx then 1 else 0 end,
       last_tx = pg_current_xact_id()
     returning epoch`,
  );
  return answer.rows[0]!.epoch;
}
