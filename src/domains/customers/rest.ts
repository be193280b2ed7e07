/** REST lines of the customers domain. */

import { type BulkRoute, bulk } from '../../doors/rest/bulk.ts';
import { type ExportRoute, exported } from '../../doors/rest/export.ts';
import { type Route, route } from '../../doors/rest/route.ts';
import { createContact, deleteContact, findOrCreateContact, updateContact } from './contacts.ts';
import { getCustomerEntitlements } from './entitlements.ts';
import { getFieldOwners, setFieldOwners } from './field-owners.ts';
import { getContactByExternalId, listContacts, readContact } from './find-contacts.ts';
import { listMergedCustomers, mergeCustomers } from './merge.ts';
import { needRuleResource } from './need-rules.ts';
import { listCustomerNeedTags, rejectCustomerNeedTag, removeCustomerNeedTag, setCustomerNeedTag } from './need-tags.ts';
import {
  createCustomer,
  deleteCustomer,
  getCustomerByExternalId,
  listCustomers,
  readCustomer,
  updateCustomer,
} from './operations.ts';
import { listCustomerTiers, releaseCustomerTier, setCustomerTier } from './tier.ts';
import { upsertCustomerByExternalId } from './upsert.ts';
import { upsertContactByExternalId } from './upsert-contact.ts';

export const customerRoutes: Route[] = [
  route('POST /customers', createCustomer),
  route('GET /customers', listCustomers),
  route('GET /customers/:customerId', readCustomer),
  route('PATCH /customers/:customerId', updateCustomer),
  route('DELETE /customers/:customerId', deleteCustomer),
  route('GET /customers/by-external-id/:system/:value', getCustomerByExternalId),
  route('PUT /customers/by-external-id/:system/:value', upsertCustomerByExternalId),
  route('POST /customers/:customerId/tier', setCustomerTier),
  route('POST /customers/:customerId/tier/release', releaseCustomerTier),
  route('GET /customers/:customerId/tiers', listCustomerTiers),
  route('GET /customers/:customerId/entitlements', getCustomerEntitlements),
  route('GET /customers/:customerId/need-tags', listCustomerNeedTags),
  route('PUT /customers/:customerId/need-tags/:tag', setCustomerNeedTag),
  route('POST /customers/:customerId/need-tags/:tag/reject', rejectCustomerNeedTag),
  route('DELETE /customers/:customerId/need-tags/:tag', removeCustomerNeedTag),
  route('POST /need-rules', needRuleResource.create),
  route('GET /need-rules', needRuleResource.list),
  route('GET /need-rules/:needRuleId', needRuleResource.get),
  route('PATCH /need-rules/:needRuleId', needRuleResource.update),
  route('DELETE /need-rules/:needRuleId', needRuleResource.remove),
  route('GET /field-owners', getFieldOwners),
  route('PUT /field-owners', setFieldOwners),
  route('POST /customers/:customerId/merge', mergeCustomers),
  route('GET /customers/:customerId/merged', listMergedCustomers),
  route('POST /contacts', createContact),
  route('GET /contacts', listContacts),
  route('POST /contacts/find-or-create', findOrCreateContact),
  route('GET /contacts/:contactId', readContact),
  route('PATCH /contacts/:contactId', updateContact),
  route('DELETE /contacts/:contactId', deleteContact),
  route('GET /contacts/by-external-id/:system/:value', getContactByExternalId),
  route('PUT /contacts/by-external-id/:system/:value', upsertContactByExternalId),
];

export const customerBulk: BulkRoute[] = [
  bulk('customers', upsertCustomerByExternalId, { csv: true }),
  bulk('contacts', upsertContactByExternalId, { csv: true }),
];

export const customerExports: ExportRoute[] = [
  exported('customers', listCustomers),
  exported('contacts', listContacts),
];
