/** Writes the SDL of a domain from its fields and their zod schemas; `schema/*.graphql` is this text, checked in; `_root.graphql` is by hand. */

import type { z } from 'zod';
import type { Operation, Relation } from '../../operation.ts';
import { modelOf } from '../rest/openapi-schemas.ts';
import { type Field, idArgument, isReference, LIST_EXTRAS, peel } from './field.ts';

/** Types written so far, over all domains: each stands in the file of the domain that names it first. */
export class SdlWriter {
  readonly #known = new Map<string, string>();
  readonly #relations: Relation[];
  readonly #nodes: ReadonlySet<string>;
  #types: string[] = [];

  /** `nodes`: ids of the models that `node(id:)` finds. */
  constructor(relations: Relation[], nodes: ReadonlySet<string>) {
    this.#relations = relations;
    this.#nodes = nodes;
  }

  /** The SDL file of one domain. */
  domain(fields: Field[]): string {
    this.#types = [];
    const queries: string[] = [];
    const mutations: string[] = [];
    for (const field of fields) {
      (field.shape === 'mutation' ? mutations : queries).push(this.#field(field));
    }
    const parts = [...this.#types];
    if (queries.length > 0) parts.push(`extend type Query {\n${queries.join('\n')}\n}`);
    if (mutations.length > 0) parts.push(`extend type Mutation {\n${mutations.join('\n')}\n}`);
    return `${parts.join('\n\n')}\n`;
  }

  #field({ shape, name, operation }: Field): string {
    const head = describe(sentence(operation.summary, operation.description), '  ');
    if (shape === 'mutation') {
      const input = this.#mutationInput(operation);
      const payload = this.#payload(operation, name);
      return `${head}  ${operation.name}(\n    "What is to be done."\n    input: ${input}!\n  ): ${payload}!`;
    }
    if (shape === 'computed') {
      const input = this.#input(`${pascal(operation.name)}Input`, operation.input, `Input of ${operation.name}.`);
      return `${head}  ${name}(\n    "What is to be computed."\n    input: ${input}!\n  ): ${this.#type(operation.output, 'out', pascal(name))}`;
    }
    if (shape === 'connection')
      return `${head}  ${name}${this.#listArguments(operation)}: ${this.#connection(operation)}!`;
    const single = idArgument(operation);
    const args = Object.entries(operation.input.shape).map(([key, schema]) => {
      const label = key === single ? 'id' : key;
      return `${describe(descriptionOf(schema as z.ZodType) ?? 'TypeID.', '    ')}    ${label}: ${this.#type(schema as z.ZodType, 'in', pascal(key))}`;
    });
    const list = args.length === 0 ? '' : `(\n${args.join('\n')}\n  )`;
    return `${head}  ${name}${list}: ${this.#type(operation.output, 'out', pascal(name)).replace(/!$/, '')}`;
  }

  #listArguments(operation: Operation): string {
    const shape = operation.input.shape as Record<string, z.ZodType>;
    const lines = [
      `${describe('How many, 1 to 200; 50 unless told.', '    ')}    first: Int`,
      `${describe('endCursor of the page before.', '    ')}    after: String`,
    ];
    const filters = Object.entries(shape).filter(([key]) => !(LIST_EXTRAS as readonly string[]).includes(key));
    if (filters.length > 0) {
      const name = `${pascal(operation.name.replace(/^list/, ''))}Filter`;
      this.#object('input', name, filters, `What ${operation.name} is narrowed by.`);
      lines.push(`${describe('Narrows the list.', '    ')}    filter: ${name}`);
    }
    if (shape['sort'] !== undefined) {
      lines.push(
        `${describe(descriptionOf(shape['sort']) ?? 'Order.', '    ')}    sort: ${this.#type(shape['sort'], 'in', `${pascal(operation.name)}Sort`)}`,
      );
    }
    return `(\n${lines.join('\n')}\n  )`;
  }

  #connection(operation: Operation): string {
    const page = operation.output as z.ZodObject;
    const element = (page.shape['data'] as z.ZodArray<z.ZodType>).element;
    const node = this.#type(element, 'out', pascal(operation.name)).replace(/!$/, '');
    const name = `${node}Connection`;
    if (!this.#known.has(name)) {
      this.#known.set(name, name);
      const deleted = this.#type((page.shape['deleted'] as z.ZodType) ?? page, 'out', 'Deleted');
      this.#types.push(
        `"A page of ${node}."\ntype ${name} {\n  "The items with their cursors."\n  edges: [${node}Edge!]!\n  "The items alone."\n  nodes: [${node}!]!\n  "Where the page ends."\n  pageInfo: PageInfo!\n  "What is gone; only with updatedAfter."\n  deleted: ${deleted}\n}`,
        `"One item of a page."\ntype ${node}Edge {\n  "Continue after this item with it."\n  cursor: String!\n  "The item."\n  node: ${node}!\n}`,
      );
    }
    return name;
  }

  #mutationInput(operation: Operation): string {
    const name = `${pascal(operation.name)}Input`;
    const extras = [
      '  "Repeats with the same key have one effect; the same namespace as REST."\n  idempotencyKey: String',
      '  "The version that was read; refused when it moved on."\n  expectedVersion: Int',
    ];
    return this.#object(
      'input',
      name,
      Object.entries(operation.input.shape) as never,
      `Input of ${operation.name}.`,
      extras,
    );
  }

  #payload(operation: Operation, field: string): string {
    const name = `${pascal(operation.name)}Payload`;
    const type = this.#type(operation.output, 'out', pascal(operation.name)).replace(/!$/, '');
    this.#types.push(
      `"Answer of ${operation.name}."\ntype ${name} {\n  "The result; null when refused."\n  ${field}: ${type}\n  "Why it was refused; empty when it was done."\n  errors: [UserError!]!\n}`,
    );
    return name;
  }

  #input(name: string, schema: z.ZodObject, description: string): string {
    return this.#object('input', name, Object.entries(schema.shape) as never, description);
  }

  #object(
    kind: 'type' | 'input',
    name: string,
    entries: [string, z.ZodType][],
    description: string,
    extras: string[] = [],
  ): string {
    if (this.#known.has(name)) return name;
    this.#known.set(name, name);
    const place = this.#types.length;
    this.#types.push('');
    const lines = entries.map(
      ([key, schema]) =>
        `${describe(descriptionOf(schema) ?? missing(name, key), '  ')}  ${key}: ${this.#type(schema, kind === 'type' ? 'out' : 'in', `${name.replace(/Input$/, '')}${pascal(key)}`)}`,
    );
    const relations = kind === 'type' ? this.#relations.filter((relation) => relation.on === name) : [];
    for (const relation of relations) {
      const related = this.#type(relation.model, 'out', pascal(relation.name)).replace(/!$/, '');
      lines.push(
        `${describe(relation.description, '  ')}  ${relation.name}: ${relation.many ? `[${related}!]!` : related}`,
      );
    }
    const implemented = kind === 'type' && this.#nodes.has(name) ? ' implements Node' : '';
    this.#types[place] =
      `${describe(description, '')}${kind} ${name}${implemented} {\n${[...lines, ...extras].join('\n')}\n}`;
    return name;
  }

  /** The type of a field; `owner` names what has no name of its own. */
  #type(schema: z.ZodType, side: 'in' | 'out', owner: string): string {
    const { schema: inner, def, optional, nullable } = peel(schema);
    const bang = optional || nullable ? '' : '!';
    const meta = inner.meta();
    const scalar = schema.meta()?.scalar ?? meta?.scalar;
    if (scalar !== undefined) return scalar + bang;
    if (isReference(inner)) return this.#reference(inner, def.options ?? []) + bang;
    switch (def.type) {
      case 'string':
      case 'literal':
        return `String${bang}`;
      case 'boolean':
        return `Boolean${bang}`;
      case 'int':
        return `Int${bang}`;
      case 'number':
        return (isWhole(inner) ? 'Int' : 'Float') + bang;
      case 'enum':
        return this.#enum(inner as z.ZodEnum, owner) + bang;
      case 'array':
        return `[${this.#type(def.element!, side, owner)}]${bang}`;
      case 'tuple':
        return `[String!]${bang}`;
      case 'object': {
        const model = modelOf(inner);
        const id = model?.id ?? owner;
        const name = side === 'in' && !id.endsWith('Input') ? `${id}Input` : id;
        return (
          this.#object(
            side === 'in' ? 'input' : 'type',
            name,
            Object.entries((inner as z.ZodObject).shape) as never,
            model?.description ?? `Part of ${owner}.`,
          ) + bang
        );
      }
      default:
        return `JSON${bang}`;
    }
  }

  #reference(schema: z.ZodType, options: z.ZodType[]): string {
    const name = schema.meta()!.reference as string;
    if (this.#known.has(name)) return name;
    this.#known.set(name, name);
    const thing = options.find((option) => peel(option).def.type === 'object')!;
    const inline = this.#type(thing, 'in', name).replace(/!$/, '');
    this.#types.push(
      `"One of the workspace's own by id or key, or the thing itself."\ninput ${name} {\n  "Id or key."\n  id: String\n  "The thing itself."\n  inline: ${inline}\n}`,
    );
    return name;
  }

  #enum(schema: z.ZodEnum, owner: string): string {
    const values = schema.options.map(String);
    if (values.some((value) => !/^[_a-zA-Z]\w*$/.test(value))) return 'String';
    const model = modelOf(schema);
    const name = model?.id ?? owner;
    const body = values.map((value) => `  ${value}`).join('\n');
    const before = this.#known.get(name);
    if (before === undefined) {
      this.#known.set(name, body);
      this.#types.push(`${describe(model?.description ?? `Values of ${name}.`, '')}enum ${name} {\n${body}\n}`);
    } else if (before !== body) throw new Error(`Two enums are called ${name}: give one of them a meta id.`);
    return name;
  }
}

function isWhole(schema: z.ZodType): boolean {
  return 'format' in schema && (schema.format === 'safeint' || schema.format === 'int32');
}

/** The description nearest to the field. */
function descriptionOf(schema: z.ZodType): string | undefined {
  return (schema.meta()?.description ?? peel(schema).schema.meta()?.description) as string | undefined;
}

/** Names the field that lacks a description: the contract is documentation. */
function missing(owner: string, field: string): never {
  throw new Error(`${owner}.${field} has no description: say shape, unit and null with .describe().`);
}

function sentence(summary: string, description: string | undefined): string {
  const first = summary.endsWith('.') ? summary : `${summary}.`;
  return description === undefined ? first : `${first} ${description}`;
}

function describe(text: string, indent: string): string {
  return `${indent}"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ')}"\n`;
}

export function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
