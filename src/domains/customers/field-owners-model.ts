/** Words of field owners: which system may change which field of customers and contacts. */

import { z } from 'zod';
import { zKey } from '../model.ts';
import { contactFields, customerFields, PROFILE_FIELDS } from './model.ts';

/** Fields whose names can be owned one by one, as in `profile.industry`. */
export const OWNED_MAPS = ['profile', 'figures'] as const;

/** A name in another system is that system's own affair. */
const ownable = (fields: object) => Object.keys(fields).filter((field) => field !== 'externalIds');

const OWNABLE = {
  customers: new Set([...ownable(customerFields), ...PROFILE_FIELDS.map((name) => `profile.${name}`)]),
  contacts: new Set(ownable(contactFields)),
};

export type OwnedResource = keyof typeof OWNABLE;
export const OWNED_RESOURCES = Object.keys(OWNABLE) as OwnedResource[];

/** Whether something of this name can have an owner: `figures` may hold any key. */
export function isOwnable(resource: OwnedResource, field: string): boolean {
  const figure = /^figures\.(.*)$/.exec(field)?.[1];
  if (resource === 'customers' && figure !== undefined) return zKey.safeParse(figure).success;
  return OWNABLE[resource].has(field);
}

const FIELDS = 'Field -> key of the system, as in {"name": "crm", "profile.industry": "erp", "figures": "shop"}.';

const zOwners = z.record(z.string(), z.string()).meta({ scalar: 'JSON', examples: [{ name: 'crm' }] });

export const FieldOwners = z
  .object({
    customers: zOwners.describe(`Of customers. ${FIELDS}`),
    contacts: zOwners.describe(`Of contacts. ${FIELDS}`),
  })
  .meta({
    id: 'FieldOwners',
    description: 'Which system may change a field by an upsert; a field that is not named belongs to nobody.',
  });

const zOwnersPatch = z
  .record(z.string().max(100), zKey.nullable())
  .refine((value) => Object.keys(value).length <= 200, 'At most 200 fields.')
  .meta({ scalar: 'JSON', examples: [{ name: 'crm' }] });

export const setFieldOwnersFields = {
  customers: zOwnersPatch
    .optional()
    .describe(`Of customers; null gives a field up, what is not named stays. ${FIELDS}`),
  contacts: zOwnersPatch.optional().describe(`Of contacts; null gives a field up, what is not named stays. ${FIELDS}`),
};
