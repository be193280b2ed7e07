/** Every operation that a domain exports, found by looking into the modules: what no door names is found too. */

import { globSync } from 'node:fs';
import path from 'node:path';
import type { Operation } from '../../src/operation.ts';

const DOMAINS = path.resolve(import.meta.dirname, '../../src/domains');

export interface Found {
  /** As in `workspaces/access.ts`. */
  file: string;
  operation: Operation;
}

export async function findOperations(): Promise<Found[]> {
  const found: Found[] = [];
  for (const file of globSync('*/*.ts', { cwd: DOMAINS }).sort()) {
    const module = (await import(path.join(DOMAINS, file))) as Record<string, unknown>;
    for (const exported of Object.values(module)) {
      // The five of a resource are exported as one object.
      const parts = isOperation(exported) ? [exported] : isPlain(exported) ? Object.values(exported) : [];
      for (const part of parts) if (isOperation(part)) found.push({ file, operation: part });
    }
  }
  return found;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function isOperation(value: unknown): value is Operation {
  return isPlain(value) && typeof value['run'] === 'function' && 'input' in value && 'idempotency' in value;
}
