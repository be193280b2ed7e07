/** zod schemas as the contract shows them: what has an id becomes a component, an input shows what goes in. */

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

export type Json = Record<string, unknown>;
type Side = 'input' | 'output';

/** Where a model's id and own description wait in the converted tree until the model is moved to the components. */
const NAME = 'x-model';
const ABOUT = 'x-model-description';

/** What a place says about a model without changing it; may stand beside a `$ref`. */
const ANNOTATIONS = new Set(['description', 'default', 'examples']);

/** Bounds that every whole number has and nobody needs to read. */
const SAFE = new Set<unknown>([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);

/** Formats whose name says all that their pattern would. */
const PLAIN_FORMATS = new Set<unknown>(['date-time', 'date', 'email', 'uri', 'duration']);

/**
 * Collects the components of a document. A model that is the same on both sides is one component; one whose input
 * differs (defaults, transforms) has a second one, named `…Input`.
 */
export class Schemas {
  readonly #sides: Record<Side, Map<string, Json>> = { input: new Map(), output: new Map() };

  /** The schema as it stands in the document; `name` makes a component of one that has no id. */
  of(schema: z.ZodType, side: Side, name?: string): Json {
    const converted = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io: side,
      metadata: { get: metadataOf } as never,
      override: ({ zodSchema, jsonSchema }) => tidy(zodSchema as unknown as z.ZodType, jsonSchema as Json, side),
    }) as Json;
    const { $schema: _dialect, $defs = {}, ...root } = converted;
    if (name !== undefined) root[NAME] = name;
    // What holds itself is told by a number, the root by `#`: both have names of their own here.
    const cycles = new Map<string, unknown>([['#', root[NAME]]]);
    for (const [number, definition] of Object.entries($defs as Record<string, Json>)) {
      cycles.set(`#/$defs/${number}`, definition[NAME]);
    }
    for (const definition of Object.values($defs as Record<string, Json>)) this.#move(definition, side, cycles);
    return this.#move(root, side, cycles);
  }

  /** Adds a property to a component of the answers. */
  extend(model: string, property: string, schema: Json): void {
    const component = this.#sides.output.get(model);
    if (component !== undefined) (component['properties'] as Json)[property] = schema;
  }

  /** Puts a component there as it is. */
  put(name: string, schema: Json): Json {
    this.#sides.output.set(name, schema);
    return reference(name, 'output');
  }

  /** Every component by name, and what to call each reference to an input. */
  finish(): { components: Json; rename: (ref: string) => string } {
    const differing = this.#differing();
    const nameOf = (name: string, side: Side) => (side === 'input' && differing.has(name) ? `${name}Input` : name);
    const rename = (ref: string): string => {
      const match = /^#\/(input|output)\/(.+)$/.exec(ref);
      return match === null ? ref : `#/components/schemas/${nameOf(match[2]!, match[1] as Side)}`;
    };
    const components = new Map<string, Json>();
    for (const side of ['output', 'input'] as const) {
      for (const [name, schema] of this.#sides[side]) components.set(nameOf(name, side), sayDefaults(schema));
    }
    const sorted = [...components].sort(([a], [b]) => (a < b ? -1 : 1));
    return { components: Object.fromEntries(sorted), rename };
  }

  /** Models whose input is not their output, be it by a model within them. */
  #differing(): Set<string> {
    const { input, output } = this.#sides;
    const plain = (schema: Json) => mapReferences(schema, (ref) => ref.replace(/^#\/(input|output)\//, ''));
    const differing = new Set(
      [...input.keys()].filter((name) => {
        const other = output.get(name);
        return other !== undefined && !isDeepStrictEqual(plain(input.get(name)!), plain(other));
      }),
    );
    for (let before = -1; before !== differing.size; ) {
      before = differing.size;
      for (const [name, schema] of input) {
        mapReferences(schema, (ref) => {
          if (differing.has(ref.replace('#/input/', '')) && output.has(name)) differing.add(name);
          return ref;
        });
      }
    }
    return differing;
  }

  /** Moves every model below and at this node to the components and leaves a reference. */
  #move(node: Json, side: Side, cycles: Map<string, unknown>): Json {
    if (typeof node['$ref'] === 'string') {
      const model = cycles.get(node['$ref']);
      if (typeof model !== 'string') throw new Error('A schema that holds itself needs an id: .meta({ id }).');
      return { ...node, ...reference(model, side) };
    }
    const moved: Json = 'description' in node ? { description: node['description'] } : {};
    for (const [key, value] of Object.entries(node)) {
      if (key === NAME || key === ABOUT) continue;
      moved[key] = ANNOTATIONS.has(key) || key === 'enum' ? value : this.#moveAll(value, side, cycles);
    }
    const model = node[NAME];
    if (typeof model !== 'string') return moved;
    const body = Object.fromEntries(Object.entries(moved).filter(([key]) => !ANNOTATIONS.has(key)));
    const about = (node[ABOUT] as string | undefined) ?? (moved['description'] as string | undefined);
    const component = about === undefined ? body : { description: about, ...body };
    const known = this.#sides[side].get(model);
    if (known === undefined) this.#sides[side].set(model, component);
    else if (!isDeepStrictEqual(bare(known), bare(component))) {
      throw new Error(`Two different schemas are called ${model}: give one of them another meta id.`);
    }
    const said = Object.entries(moved).filter(([key, value]) => ANNOTATIONS.has(key) && value !== about);
    return { ...reference(model, side), ...Object.fromEntries(said) };
  }

  #moveAll(value: unknown, side: Side, cycles: Map<string, unknown>): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#moveAll(item, side, cycles));
    if (typeof value !== 'object' || value === null) return value;
    return this.#move(value as Json, side, cycles);
  }
}

/**
 * Defaults in words. Generators of clients take a field with a `default` for one that is always there, and so make it
 * required of who sends it.
 */
function sayDefaults(schema: Json): Json {
  const said: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') {
      said[key] = Object.fromEntries(
        Object.entries(value as Json).map(([name, of]) => [name, sayDefaults(of as Json)]),
      );
    } else if (['items', 'additionalProperties'].includes(key) && typeof value === 'object') {
      said[key] = sayDefaults(value as Json);
    } else if (['anyOf', 'oneOf', 'allOf', 'prefixItems'].includes(key)) {
      said[key] = (value as Json[]).map(sayDefaults);
    } else if (key !== 'default') said[key] = value;
  }
  // That null is what a field is when it is left out needs no words.
  if ((schema['default'] ?? null) !== null) {
    const unlessTold = `Unless told: \`${JSON.stringify(schema['default'])}\`.`;
    said['description'] = [schema['description'], unlessTold].filter((text) => text !== undefined).join(' ');
  }
  return said;
}

function bare({ description: _description, ...schema }: Json): Json {
  return schema;
}

function reference(model: string, side: Side): Json {
  return { $ref: `#/${side}/${model}` };
}

/** A copy of a document or schema with every `$ref` renamed. */
export function mapReferences<T>(value: T, rename: (ref: string) => string): T {
  if (Array.isArray(value)) return value.map((item) => mapReferences(item, rename)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === '$ref' && typeof item === 'string' ? rename(item) : mapReferences(item, rename),
    ]),
  ) as T;
}

/** The id of a model, also where the place describes it anew: zod takes that for another schema, with a parent. */
export function modelOf(schema: z.ZodType): { id: string; description: string | undefined } | null {
  for (let at: z.ZodType | undefined = schema; at !== undefined; at = at._zod.parent as z.ZodType | undefined) {
    const meta = z.globalRegistry.get(at);
    if (meta?.id !== undefined) return { id: meta.id, description: meta.description };
  }
  return null;
}

/** zod's metadata without the words that are meant for the other door. */
function metadataOf(schema: z.ZodType): Json | undefined {
  const meta = z.globalRegistry.get(schema);
  if (meta === undefined) return undefined;
  const { id: _id, scalar: _scalar, reference: _reference, ...rest } = meta as Json;
  const model = modelOf(schema);
  return model === null ? rest : { ...rest, [NAME]: model.id, [ABOUT]: model.description };
}

function tidy(schema: z.ZodType, json: Json, side: Side): void {
  if (PLAIN_FORMATS.has(json['format'])) delete json['pattern'];
  if (SAFE.has(json['minimum'])) delete json['minimum'];
  if (SAFE.has(json['maximum'])) delete json['maximum'];
  // An answer may grow: only what is declared strict is closed to readers.
  const def = schema.def as unknown as { type: string; catchall?: unknown; defaultValue?: unknown };
  if (side === 'output' && def.type === 'object' && def.catchall === undefined) delete json['additionalProperties'];
  if (side === 'output') return;
  // zod drops the examples and the default of what is transformed; our examples are written as they are sent.
  const examples = schema.meta()?.['examples'];
  if (examples !== undefined) json['examples'] = examples;
  if (def.type === 'default' && def.defaultValue === null) json['default'] = null;
}
