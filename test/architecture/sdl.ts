/** Compares the SDL with the operations' zod schemas, field by field; knows nothing of what writes the SDL. */

import {
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type GraphQLType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { z } from 'zod';
import type { Field } from '../../src/doors/graphql/field.ts';
import type { Relation } from '../../src/operation.ts';

type Side = 'in' | 'out';
/** What a field is to be: a zod schema, or a type written out as in `[UserError!]!`. */
type Expected = z.ZodType | string;

interface Comparison {
  schema: GraphQLSchema;
  relations: Relation[];
  differences: string[];
  /** Types that were looked at, so that one that nothing uses is found. */
  seen: Set<string>;
  /** Models that were compared, each once per side: two models of one name are both compared with its type. */
  compared: Record<Side, Set<z.ZodType>>;
}

/** Every difference in words; empty when the SDL says what the operations say. */
export function compareSdl(schema: GraphQLSchema, fields: Field[], relations: Relation[]): string[] {
  const comparison: Comparison = {
    schema,
    relations,
    differences: [],
    seen: new Set(ROOT_TYPES),
    compared: { in: new Set(), out: new Set() },
  };
  const roots: Record<'Query' | 'Mutation', Set<string>> = { Query: new Set(['node']), Mutation: new Set() };
  for (const field of fields) {
    const root = field.shape === 'mutation' ? 'Mutation' : 'Query';
    const name = field.shape === 'mutation' ? field.operation.name : field.name;
    roots[root].add(name);
    const found = schema.getType(root);
    const definition = isObjectType(found) ? found.getFields()[name] : undefined;
    if (definition === undefined) comparison.differences.push(`${root}.${name} is missing`);
    else compareField(comparison, field, `${root}.${name}`, definition);
  }
  for (const root of ['Query', 'Mutation'] as const) {
    const found = schema.getType(root);
    if (isObjectType(found)) compareNames(comparison, root, Object.keys(found.getFields()), [...roots[root]]);
  }
  for (const name of Object.keys(schema.getTypeMap())) {
    if (!name.startsWith('__') && !comparison.seen.has(name)) comparison.differences.push(`${name}: nothing uses it`);
  }
  return comparison.differences;
}

/** Types of the doors' own; what is in them stands in the root file and is not made from zod. */
const ROOT_TYPES = ['Query', 'Mutation', 'Subscription', 'Node', 'PageInfo', 'UserError', 'FieldError'].concat(
  ['String', 'Boolean', 'Int', 'Float', 'ID'],
  ['JSON', 'DateTime', 'Date', 'Duration', 'Seconds'],
);

interface Definition {
  type: GraphQLOutputType;
  args: readonly { name: string; type: GraphQLInputType }[];
}

function compareField(comparison: Comparison, { shape, name, operation }: Field, path: string, found: Definition) {
  const input = operation.input.shape as Record<string, z.ZodType>;
  const output = operation.output as z.ZodType;
  const args = Object.fromEntries(found.args.map((argument) => [argument.name, argument.type]));
  if (shape === 'mutation' || shape === 'computed') {
    const extras = shape === 'mutation' ? { idempotencyKey: 'String', expectedVersion: 'Int' } : {};
    compareNames(comparison, `${path}()`, Object.keys(args), ['input']);
    compareRequired(comparison, `${path}(input:)`, args['input'], true);
    compareObject(comparison, `${path}(input:)`, args['input'], { ...input, ...extras }, 'in');
    if (shape === 'computed') compareType(comparison, path, found.type, output, 'out');
    else {
      compareRequired(comparison, path, found.type, true);
      compareObject(comparison, path, found.type, { [name]: output.nullable(), errors: '[UserError!]!' }, 'out');
    }
  } else if (shape === 'connection') {
    const { limit: _limit, cursor: _cursor, after: _after, sort, ...filters } = input;
    const hasFilters = Object.keys(filters).length > 0;
    const expected = ['first', 'after', ...(hasFilters ? ['filter'] : []), ...(sort === undefined ? [] : ['sort'])];
    compareNames(comparison, `${path}()`, Object.keys(args), expected);
    compareText(comparison, `${path}(first:)`, args['first'], 'Int');
    compareText(comparison, `${path}(after:)`, args['after'], 'String');
    if (hasFilters) {
      compareRequired(comparison, `${path}(filter:)`, args['filter'], false);
      compareObject(comparison, `${path}(filter:)`, args['filter'], filters, 'in');
    }
    if (sort !== undefined) compareType(comparison, `${path}(sort:)`, args['sort'], sort, 'in');
    compareConnection(comparison, path, found.type, output as z.ZodObject);
  } else {
    const keys = Object.keys(input);
    const single = keys.length === 1 && keys[0]!.endsWith('Id');
    compareNames(comparison, `${path}()`, Object.keys(args), single ? ['id'] : keys);
    for (const key of keys) {
      compareType(comparison, `${path}(${key}:)`, args[single ? 'id' : key], input[key]!, 'in');
    }
    compareType(comparison, path, found.type, output, 'out', true);
  }
}

function compareConnection(comparison: Comparison, path: string, found: GraphQLOutputType, page: z.ZodObject): void {
  const item = (page.shape['data'] as z.ZodArray<z.ZodType>).element;
  compareRequired(comparison, path, found, true);
  const connection = bareObject(found);
  if (connection === null) {
    comparison.differences.push(`${path} is no connection`);
    return;
  }
  const node = modelOf(item)?.id;
  compareObject(
    comparison,
    path,
    found,
    {
      edges: `[${node}Edge!]!`,
      nodes: z.array(item),
      pageInfo: 'PageInfo!',
      deleted: (page.shape['deleted'] as z.ZodType | undefined) ?? 'nothing',
    },
    'out',
  );
  const edge = comparison.schema.getType(`${node}Edge`);
  if (isObjectType(edge)) compareObject(comparison, edge.name, edge, { cursor: 'String!', node: item }, 'out');
}

function compareObject(
  comparison: Comparison,
  path: string,
  found: GraphQLType | undefined,
  expected: Record<string, Expected>,
  side: Side,
): void {
  const type = bareObject(found);
  if (type === null || isInputObjectType(type) !== (side === 'in')) {
    comparison.differences.push(`${path} is ${String(found)}, not an object`);
    return;
  }
  comparison.seen.add(type.name);
  const fields = type.getFields() as Record<string, { type: GraphQLType }>;
  compareNames(comparison, type.name, Object.keys(fields), Object.keys(expected));
  for (const [name, what] of Object.entries(expected)) {
    const field = fields[name];
    if (field === undefined) continue;
    if (typeof what === 'string') compareText(comparison, `${type.name}.${name}`, field.type, what);
    else compareType(comparison, `${type.name}.${name}`, field.type, what, side);
  }
}

/** `optional`: the answer of a query may be missing whatever its schema says. */
function compareType(
  comparison: Comparison,
  path: string,
  found: GraphQLType | undefined,
  expected: z.ZodType,
  side: Side,
  optional = false,
): void {
  if (found === undefined) return;
  const { schema, nullable, scalar } = unwrap(expected);
  compareRequired(comparison, path, found, !(nullable || optional));
  const type = isNonNullType(found) ? found.ofType : found;
  const def = schema.def as unknown as { type: string; element: z.ZodType; options: z.ZodType[] };
  if (scalar !== undefined) compareText(comparison, path, type, scalar);
  else if (schema.meta()?.reference !== undefined) compareReference(comparison, path, type, schema, def.options);
  else if (def.type === 'array' && isListType(type)) {
    compareType(comparison, `${path}[]`, type.ofType, def.element, side);
  } else if (def.type === 'array' || isListType(type)) {
    if (def.type !== 'tuple') comparison.differences.push(`${path} is ${type}, but a ${def.type} is meant`);
    else compareText(comparison, path, type, '[String!]');
  } else if (schema instanceof z.ZodObject) compareModel(comparison, path, type, schema, side);
  else if (schema instanceof z.ZodEnum) compareEnum(comparison, path, type, schema);
  else compareText(comparison, path, type, plainName(schema, def.type));
}

function compareModel(comparison: Comparison, path: string, type: GraphQLType, model: z.ZodObject, side: Side): void {
  const id = modelOf(model)?.id;
  const wanted = id === undefined || side === 'out' || id.endsWith('Input') ? id : `${id}Input`;
  const name = String(type);
  if (wanted !== undefined && name !== wanted) comparison.differences.push(`${path} is ${name}, not ${wanted}`);
  if (comparison.compared[side].has(model)) return;
  comparison.compared[side].add(model);
  const relations = side === 'out' ? comparison.relations.filter(({ on }) => on === name) : [];
  const related = relations.map(({ name, model, many }) => [name, many ? z.array(model) : model.nullable()]);
  compareObject(comparison, path, type, { ...model.shape, ...Object.fromEntries(related) }, side);
}

function compareEnum(comparison: Comparison, path: string, type: GraphQLType, model: z.ZodEnum): void {
  const values = model.options.map(String);
  if (values.some((value) => !/^[_a-zA-Z]\w*$/.test(value))) {
    compareText(comparison, path, type, 'String');
    return;
  }
  if (!isEnumType(type)) {
    comparison.differences.push(`${path} is ${type}, not an enum`);
    return;
  }
  comparison.seen.add(type.name);
  const wanted = modelOf(model)?.id;
  if (wanted !== undefined && type.name !== wanted) {
    comparison.differences.push(`${path} is ${type.name}, not ${wanted}`);
  }
  const found = type.getValues().map((value) => value.name);
  compareNames(comparison, type.name, found, values);
}

/** `{ id inline }` stands for a union of a name and the thing itself. */
function compareReference(
  comparison: Comparison,
  path: string,
  type: GraphQLType,
  schema: z.ZodType,
  options: z.ZodType[],
): void {
  const name = schema.meta()!.reference as string;
  compareText(comparison, path, type, name);
  if (comparison.compared.in.has(schema)) return;
  comparison.compared.in.add(schema);
  const thing = options.find((option) => unwrap(option).schema instanceof z.ZodObject)!;
  compareObject(comparison, path, type, { id: 'String', inline: thing.optional() }, 'in');
}

function plainName(schema: z.ZodType, kind: string): string {
  if (kind === 'string' || kind === 'literal') return 'String';
  if (kind === 'boolean') return 'Boolean';
  if (kind === 'number' || kind === 'int') {
    return z.toJSONSchema(schema, { io: 'input' }).type === 'integer' ? 'Int' : 'Float';
  }
  return 'JSON';
}

/** The schema below what makes it optional, nullable or transformed; a scalar named by any layer holds. */
function unwrap(outer: z.ZodType): { schema: z.ZodType; nullable: boolean; scalar: string | undefined } {
  let nullable = false;
  let scalar: string | undefined;
  let schema = outer;
  for (;;) {
    scalar ??= schema.meta()?.scalar;
    const def = schema.def as unknown as { type: string; innerType: z.ZodType; in: z.ZodType };
    if (['optional', 'default', 'prefault', 'nullable'].includes(def.type)) {
      nullable = true;
      schema = def.innerType;
    } else if (def.type === 'pipe') schema = def.in;
    else return { schema, nullable, scalar };
  }
}

/** A model keeps its id where a place describes it anew. */
function modelOf(schema: z.ZodType): { id: string } | null {
  for (let at: z.ZodType | undefined = unwrap(schema).schema; at; at = at._zod.parent as z.ZodType | undefined) {
    const id = z.globalRegistry.get(at)?.id;
    if (id !== undefined) return { id };
  }
  return null;
}

function bareObject(type: GraphQLType | undefined) {
  const bare = isNonNullType(type) ? type.ofType : type;
  return isObjectType(bare) || isInputObjectType(bare) ? bare : null;
}

function compareRequired(comparison: Comparison, path: string, found: GraphQLType | undefined, required: boolean) {
  if (found === undefined || isNonNullType(found) === required) return;
  comparison.differences.push(`${path} is ${found}, but must${required ? ' not' : ''} be nullable`);
}

function compareText(comparison: Comparison, path: string, found: GraphQLType | undefined, expected: string): void {
  if (found === undefined) return;
  comparison.seen.add(String(found).replaceAll(/[[\]!]/g, ''));
  if (String(found) !== expected) comparison.differences.push(`${path} is ${found}, not ${expected}`);
}

function compareNames(comparison: Comparison, path: string, found: string[], expected: string[]): void {
  for (const name of expected) if (!found.includes(name)) comparison.differences.push(`${path}.${name} is missing`);
  for (const name of found) if (!expected.includes(name)) comparison.differences.push(`${path}.${name} is too much`);
}
