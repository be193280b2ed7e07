/** The GraphQL door's vocabulary: a field names an operation, and says which shape its answer takes. */

import type { z } from 'zod';
import { invalid } from '../../errors.ts';
import type { Operation } from '../../operation.ts';

export interface Field {
  /** query: one thing or null. connection: a Relay page. computed: a Query field over an input. mutation: a payload. */
  shape: 'query' | 'connection' | 'computed' | 'mutation';
  /** The field of Query, or the payload's field that holds the result. */
  name: string;
  operation: Operation;
}

// biome-ignore lint/suspicious/noExplicitAny: operations of every input and output pass through here
type AnyOperation = Operation<any, any>;

/** `ticket(id:)` for getTicket; an operation without input is a plain field. */
export const query = (operation: AnyOperation, name: string): Field => ({ shape: 'query', name, operation });

/** `tickets(first:, after:, filter:, sort:)` for listTickets. */
export const connection = (operation: AnyOperation, name: string): Field => ({ shape: 'connection', name, operation });

/** `addBusinessTime(input:)`: computes from its input, writes nothing. */
export const computed = (operation: AnyOperation): Field => ({ shape: 'computed', name: operation.name, operation });

/** `solveTicket(input:)` with the payload `{ ticket errors }`. */
export const mutation = (operation: AnyOperation, name: string): Field => ({ shape: 'mutation', name, operation });

/** Inputs of a list that are not filters. */
export const LIST_EXTRAS = ['limit', 'cursor', 'after', 'sort'] as const;

/** The argument that a single required input of a `query` field is called by. */
export function idArgument(operation: Operation): string | null {
  const names = Object.keys(operation.input.shape);
  return names.length === 1 && names[0]!.endsWith('Id') ? names[0]! : null;
}

interface Def {
  type: string;
  innerType?: z.ZodType;
  in?: z.ZodType;
  out?: z.ZodType;
  element?: z.ZodType;
  options?: z.ZodType[];
  shape?: Record<string, z.ZodType>;
}

/** zod's own description of a schema, with the wrappers that matter to a door peeled off. */
export function peel(schema: z.ZodType): { schema: z.ZodType; def: Def; optional: boolean; nullable: boolean } {
  let current = schema;
  let optional = false;
  let nullable = false;
  for (;;) {
    const def = current.def as unknown as Def;
    if (def.type === 'optional' || def.type === 'default' || def.type === 'prefault') optional = true;
    else if (def.type === 'nullable') nullable = true;
    else if (def.type === 'pipe') {
      // An input is read as what goes in; what comes out of a transform is ours.
      if (current.meta()?.scalar !== undefined) return { schema: current, def, optional, nullable };
      current = def.in!;
      continue;
    } else return { schema: current, def, optional, nullable };
    current = def.innerType!;
  }
}

/** Input unions do not exist in GraphQL: `{ id }` or `{ inline }` stand for the two halves of a reference. */
export function isReference(schema: z.ZodType): boolean {
  return schema.meta()?.reference !== undefined;
}

declare module 'zod' {
  interface GlobalMeta {
    /** A union of a name and the thing itself; the value names the GraphQL input. */
    reference?: string;
  }
}

/** A GraphQL input -> the operation's input: references become the name or the thing. 422 for one that says both or neither. */
export function fromArguments(schema: z.ZodType, value: unknown, path = ''): unknown {
  if (value === null || value === undefined) return value;
  const { schema: inner, def } = peel(schema);
  const at = (key: string | number) => (path === '' ? `${key}` : `${path}.${key}`);
  if (isReference(inner)) {
    const { id, inline } = value as { id?: unknown; inline?: unknown };
    if ((id ?? null) === null && (inline ?? null) === null) throw invalid(path, 'Give id or inline.', 'required');
    if ((id ?? null) !== null && (inline ?? null) !== null) throw invalid(path, 'Give id or inline, not both.');
    const thing = def.options!.find((option) => peel(option).def.type === 'object')!;
    return id ?? fromArguments(thing, inline, path);
  }
  if (def.type === 'array' && Array.isArray(value)) {
    return value.map((item, index) => fromArguments(def.element!, item, at(index)));
  }
  if (def.type === 'object' && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        def.shape![key] === undefined ? item : fromArguments(def.shape![key], item, at(key)),
      ]),
    );
  }
  return value;
}
