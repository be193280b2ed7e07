/** REST lines of the customers domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import {
  createContact,
  deleteContact,
  findOrCreateContact,
  updateContact,
  upsertContactByExternalId,
} from './contacts.ts';
import { getContactByExternalId, listContacts, readContact } from './find-contacts.ts';
import {
  createCustomer,
  deleteCustomer,
  getCustomerByExternalId,
  listCustomers,
  readCustomer,
  updateCustomer,
  upsertCustomerByExternalId,
} from './operations.ts';
import { listCustomerTiers, setCustomerTier } from './tier.ts';

export const customerRoutes: Route[] = [
  route('POST /customers', createCustomer),
  route('GET /customers', listCustomers),
  route('GET /customers/:customerId', readCustomer),
  route('PATCH /customers/:customerId', updateCustomer),
  route('DELETE /customers/:customerId', deleteCustomer),
  route('GET /customers/by-external-id/:system/:value', getCustomerByExternalId),
  route('PUT /customers/by-external-id/:system/:value', upsertCustomerByExternalId),
  route('POST /customers/:customerId/tier', setCustomerTier),
  route('GET /customers/:customerId/tiers', listCustomerTiers),
  route('POST /contacts', createContact),
  route('GET /contacts', listContacts),
  route('POST /contacts/find-or-create', findOrCreateContact),
  route('GET /contacts/:contactId', readContact),
  route('PATCH /contacts/:contactId', updateContact),
  route('DELETE /contacts/:contactId', deleteContact),
  route('GET /contacts/by-external-id/:system/:value', getContactByExternalId),
  route('PUT /contacts/by-external-id/:system/:value', upsertContactByExternalId),
];
