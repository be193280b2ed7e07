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
  const first = await takeBlock(db, workspaceId, BLOCK);
  blocks.set(workspaceId, { next: first + 1, end: first + BLOCK });
  return first;
}

/**
 * So many numbers in a row. What is left of the process's own block is dropped, so that its numbers go on rising. Taken
 * outside a transaction: until its end, nobody else would get any.
 */
export async function takeNumbers(given: Db, workspaceId: number, count: number): Promise<number[]> {
  if (count === 0) return [];
  const db = given.outside ?? given;
  const first = await takeBlock(db, workspaceId, count);
  BLOCKS.get(db)?.delete(workspaceId);
  return Array.from({ length: count }, (_, index) => first + index);
}

async function takeBlock(db: Db, workspaceId: number, count: number): Promise<number> {
  const answer = await db.pool.query<{ next: string }>({
    ...(db.prepared ? { name: 'take_numbers' } : {}),
    text: `insert into number_blocks (workspace_id, next) values ($1, $2 + 1)
           on conflict (workspace_id) do update set next = number_blocks.next + $2
           returning next - $2 as next`,
    values: [workspaceId, count],
  });
  return Number(answer.rows[0]!.next);
}
