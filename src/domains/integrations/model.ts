/** Words of the integrations domain: who may send, how they sign, what their payloads become, and what came. */

import { z } from 'zod';
import { zId, zIsoInstant, zKey, zPage, zPaging, zStamps, zText } from '../model.ts';

export const RESOURCES = ['customers', 'contacts', 'activities'] as const;
export type MappedResource = (typeof RESOURCES)[number];

/** A header as HTTP has it. */
const zHeader = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'Expected the name of a header, such as X-Signature.');

const zScheme = z.enum(['standard_webhooks', 'hmac', 'token', 'hubspot_v3']).meta({
  id: 'SignatureScheme',
  description:
    'standard_webhooks: webhook-id, webhook-timestamp and webhook-signature. hmac: a keyed hash in a header. token: the secret itself in a header. hubspot_v3: X-HubSpot-Signature-v3 with the client secret of the app.',
});
const zAlgorithm = z
  .enum(['sha256', 'sha1', 'sha512'])
  .meta({ id: 'SignatureAlgorithm', description: 'The hash of an HMAC.' });
const zEncoding = z
  .enum(['hex', 'base64'])
  .meta({ id: 'SignatureEncoding', description: 'How a signature is written.' });

const PARTS = {
  header: 'Of hmac and token: the header with the signature, or with the secret. Null for the other schemes.',
  algorithm: 'Of hmac; null for the other schemes.',
  encoding: 'Of hmac; null for the other schemes.',
  prefix: 'Of hmac and token: what stands before it in the header, as in sha256= or Bearer; null for nothing.',
  timestampHeader:
    'Of hmac: the header with the instant of signing in seconds or milliseconds; `<timestamp>.<body>` is signed then, and no older than 5 minutes. Null: the body alone is signed.',
};

export const IntegrationSignature = z
  .object({
    scheme: zScheme.describe('How it is signed.'),
    header: z.string().nullable().describe(PARTS.header),
    algorithm: zAlgorithm.nullable().describe(PARTS.algorithm),
    encoding: zEncoding.nullable().describe(PARTS.encoding),
    prefix: z.string().nullable().describe(PARTS.prefix),
    timestampHeader: z.string().nullable().describe(PARTS.timestampHeader),
  })
  .meta({ id: 'IntegrationSignature', description: 'How a message shows that it is from who it says.' });

const zSignature = z
  .strictObject({
    scheme: zScheme.describe('How it is signed.'),
    header: zHeader.nullable().default(null).describe(PARTS.header),
    algorithm: zAlgorithm.nullable().default(null).describe(PARTS.algorithm),
    encoding: zEncoding.nullable().default(null).describe(PARTS.encoding),
    prefix: z.string().min(1).max(50).nullable().default(null).describe(PARTS.prefix),
    timestampHeader: zHeader.nullable().default(null).describe(PARTS.timestampHeader),
  })
  .meta({ id: 'IntegrationSignatureInput', description: 'How a message shows that it is from who it says.' });

const zSecret = z
  .string()
  .regex(/^[\x21-\x7e]{16,500}$/, 'Expected 16 to 500 visible ASCII characters without spaces.')
  .optional();

const zMapping = z.string().trim().min(1).max(20_000);

const SECRET =
  'What the other system signs with; for standard_webhooks whsec_ and 24 to 64 bytes in base64. One is made unless told.';

const MAPPING =
  'JSONata: from the payload to `{customers, contacts, activities}`. Each entry is the body of an upsert by external id with `value`, its name in the other system, beside it; `system` is that of the integration unless told. $now() is the clock of the workspace, $currency its currency.';

export const Integration = z
  .object({
    id: zId('integration').describe('TypeID.'),
    name: z.string().describe('What people call it.'),
    system: z.string().describe('The system that its names belong to, as in externalIds.'),
    inboundPath: z.string().describe('Where the other system posts to, below the address of this desk.'),
    signature: IntegrationSignature.describe('How its messages are signed.'),
    secret: z
      .string()
      .nullable()
      .describe('What messages are signed with, only in the answer that made it; else null.'),
    previousSecretUntil: zIsoInstant
      .nullable()
      .describe('Until when the secret before is valid, too, on the wall clock; null when there is none.'),
    mapping: z.string().describe(MAPPING),
    active: z.boolean().describe('Whether messages are taken.'),
    ...zStamps,
  })
  .meta({ id: 'Integration', description: 'Another system that sends us what it knows of customers.' });

export const integrationFields = {
  name: zText(100).describe('What people call it.'),
  system: zKey.describe('The system that its names belong to, as in externalIds.'),
  signature: zSignature
    .default(zSignature.parse({ scheme: 'standard_webhooks' }))
    .describe('How its messages are signed; standard_webhooks unless told.'),
  mapping: zMapping.describe(MAPPING),
};

export const zSecretField = { secret: zSecret.describe(SECRET) };

/** Only a patch switches it on: what nobody has tried yet takes nothing. */
export const zActive = z.boolean().describe('Whether messages are taken; off until switched on.');

export const zIntegrationId = { integrationId: zId('integration').describe('Id of the integration.') };

const zResource = z.enum(RESOURCES).meta({ id: 'MappedResource', description: 'What an entry of a mapping becomes.' });

const zCount = z.int();

export const IntegrationReceipt = z
  .object({
    id: zId('receipt').describe('TypeID.'),
    at: zIsoInstant.describe('When it came.'),
    created: zCount.describe('How many entries made something.'),
    updated: zCount.describe('How many changed something.'),
    unchanged: zCount.describe('How many said what was known.'),
    failed: zCount.describe('How many were refused.'),
    errors: z
      .array(
        z
          .object({
            resource: zResource.nullable().describe('Of which resource; null: the mapping or the payload as a whole.'),
            index: z.int().nullable().describe('Its place among those of its resource, from 0; null with resource.'),
            path: z.string().describe('Path of the field.'),
            code: z.string().describe('Stable code.'),
          })
          .meta({ id: 'IntegrationReceiptError', description: 'What was wrong; nothing of what was sent.' }),
      )
      .describe('The first ten.'),
  })
  .meta({ id: 'IntegrationReceipt', description: 'What came in once and how it went; nothing of what was sent.' });

export const IntegrationReceiptPage = zPage(IntegrationReceipt);

export const listReceiptFields = { ...zIntegrationId, ...zPaging };

const zStatus = z.enum(['created', 'updated', 'unchanged', 'error']).meta({
  id: 'MappedStatus',
  description: 'What is done with an entry.',
});

export const MappedEntry = z
  .object({
    resource: zResource.describe('What it becomes.'),
    index: z.int().describe('Its place among those of its resource, from 0.'),
    status: zStatus.describe('What would be done.'),
    id: z.string().nullable().meta({ scalar: 'ID' }).describe('Id of what is there already; null for a new one.'),
    input: z.record(z.string(), z.unknown()).meta({ scalar: 'JSON' }).describe('The entry, with its system.'),
    errors: z
      .array(
        z
          .object({
            path: z.string().describe('Path of the field.'),
            message: z.string().describe('What is wrong, in words.'),
            code: z.string().describe('Stable code.'),
          })
          .meta({ id: 'MappedEntryError', description: 'What is wrong with an entry.' }),
      )
      .describe('Why it would be refused; empty where it would not.'),
  })
  .meta({ id: 'MappedEntry', description: 'What a mapping makes of a payload, and what would be done with it.' });

export const IntegrationMappingTest = z
  .object({
    entries: z.array(MappedEntry).describe('Customers, then contacts, then activities: as they would be saved.'),
  })
  .meta({ id: 'IntegrationMappingTest', description: 'What a mapping makes of a payload; nothing is saved.' });

export const testMappingFields = {
  mapping: zMapping.describe(MAPPING),
  system: zKey.describe('The system that the names belong to.'),
  payload: z
    .unknown()
    .refine((payload) => payload !== undefined, 'Expected what the other system would send.')
    .meta({ scalar: 'JSON' })
    .describe('What the other system would send.'),
};

export const ReadyMapping = z
  .object({
    key: z.string().describe('Its name.'),
    name: z.string().describe('What people call it.'),
    system: z.string().describe('A name for the other system.'),
    about: z.string().describe('Which payloads it reads, and what to set in the other system.'),
    mapping: z.string().describe(MAPPING),
    signature: IntegrationSignature.describe('How the other system shows who it is.'),
    documentation: z.array(z.string()).describe('Public pages that the payload and the signature are described on.'),
    checkedOn: z.iso.date().meta({ scalar: 'Date' }).describe('When those were last read.'),
    sample: z.unknown().meta({ scalar: 'JSON' }).describe('A payload as those pages have it, to try the mapping with.'),
  })
  .meta({ id: 'ReadyMapping', description: 'A mapping for payloads of a well-known system, to begin with.' });

export const ReadyMappings = z
  .object({ data: z.array(ReadyMapping).describe('All there are.') })
  .meta({ id: 'ReadyMappings', description: 'Mappings for well-known systems.' });
