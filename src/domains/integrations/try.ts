/** A mapping tried with a payload: what it makes of it, and what would be done with that. Nothing is saved. */

import { z } from 'zod';
import { requireScope } from '../../auth/policy.ts';
import type { Ctx } from '../../context.ts';
import type { FieldError } from '../../errors.ts';
import { compute } from '../../operation.ts';
import { entriesOf, errorsOf, type MappedEntry, TARGETS } from './entries.ts';
import { mappingFault, tryMapping } from './mapping.ts';
import { IntegrationMappingTest, type MappedResource, RESOURCES, testMappingFields } from './model.ts';

type Tried = z.input<typeof IntegrationMappingTest>['entries'][number];

export const testIntegrationMapping = compute({
  name: 'testIntegrationMapping',
  summary: 'Try a mapping with a payload',
  description:
    'Tells what the mapping makes of the payload and what would be done with it; nothing is saved. Each entry is looked at as if it came alone, but may name customers and contacts that come with it. Needs customers:read as well.',
  scope: 'workspace:write',
  input: z.strictObject(testMappingFields),
  output: IntegrationMappingTest,
  example: {
    system: 'crm',
    mapping: '{ "customers": [account.{ "value": $string(id), "name": name }] }',
    payload: { account: { id: 42, name: '东方精密机械' } },
  },
  async run(ctx, { mapping, system, payload }) {
    requireScope(ctx.actor, 'customers:read');
    const { id, currency } = ctx.workspace;
    const reply = await tryMapping(id, mapping, JSON.stringify(payload), { now: ctx.now * 1000, currency });
    if ('fault' in reply) throw mappingFault(reply.fault);
    const entries = entriesOf(reply.result, system);
    const coming = new Set(entries.map(nameOf));
    const tried: Tried[] = [];
    for (const resource of RESOURCES) {
      const own = entries.filter((entry) => entry.resource === resource);
      if (own.length > 0) tried.push(...(await decideEach(ctx, resource, own, coming)));
    }
    return { entries: tried };
  },
});

async function decideEach(
  ctx: Ctx,
  resource: MappedResource,
  entries: MappedEntry[],
  coming: ReadonlySet<string>,
): Promise<Tried[]> {
  const { batch } = TARGETS[resource];
  const inputs = entries.flatMap(({ read }) => ('input' in read ? [read.input] : []));
  const decide = await batch.prepare(ctx, inputs, true);
  return entries.map(({ index, given, read }) => {
    const tried = { resource, index, input: given };
    if ('errors' in read) return { ...tried, status: 'error' as const, id: null, errors: read.errors };
    try {
      const { result, changes } = decide(read.input);
      const { status, id } = batch.line(result);
      const done = (changes.empty ? 'unchanged' : status) as Tried['status'];
      // The id of what is not made has no meaning to anybody.
      return { ...tried, status: done, id: done === 'created' ? null : id, errors: [] };
    } catch (error) {
      const errors = errorsOf(error);
      if (errors.every((one) => isComing(one, read.input, coming))) {
        return { ...tried, status: 'created' as const, id: null, errors: [] };
      }
      return { ...tried, status: 'error' as const, id: null, errors };
    }
  });
}

/** Whether what was not found is what comes with it. */
function isComing({ path, code }: FieldError, input: Record<string, unknown>, coming: ReadonlySet<string>): boolean {
  const resource = { customerExternalId: 'customers', contactExternalId: 'contacts' }[path];
  if (code !== 'not_found' || resource === undefined) return false;
  const { system, value } = input[path] as { system: string; value: string };
  return coming.has(JSON.stringify([resource, system, value]));
}

function nameOf({ resource, given }: MappedEntry): string {
  return JSON.stringify([resource, given['system'], given['value']]);
}
