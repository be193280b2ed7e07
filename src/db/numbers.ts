/** Ticket numbers in blocks: one statement per block and process, so that a create waits for no counter. Gaps are allowed. */

import type { Db } from './connect.ts';

const BLOCK = 20;

const BLOCKS = new WeakMap<Db, Map<number, { next: number; end: number }>>();

/** The next number of this workspace; unique over all processes, rising within one. */
export async function takeNumber(db: Db, workspaceId: number): Promise<number> {
  let blocks = BLOCKS.get(db);
  if (blocks === undefined) {
    blocks = new Map();
    BLOCKS.set(db, blocks);
  }
  const block = blocks.get(workspaceId);
  if (block !== undefined && block.next < block.end) return block.next++;
  const answer = await db.pool.query<{ next: string }>({
    ...(db.prepared ? { name: 'take_numbers' } : {}),
    text: `insert into number_blocks (workspace_id, next) values ($1, $2 + 1)
           on conflict (workspace_id) do update set next = number_blocks.next + $2
           returning next - $2 as next`,
    values: [workspaceId, BLOCK],
  });
  const first = Number(answer.rows[0]!.next);
  blocks.set(workspaceId, { next: first + 1, end: first + BLOCK });
  return first;
}
