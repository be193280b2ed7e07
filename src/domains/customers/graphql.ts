/** GraphQL lines of the customers domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
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

export const customerFields: Field[] = [
  mutation(createCustomer, 'customer'),
  connection(listCustomers, 'customers'),
  query(readCustomer, 'customer'),
  mutation(updateCustomer, 'customer'),
  mutation(deleteCustomer, 'deleted'),
  query(getCustomerByExternalId, 'customerByExternalId'),
  mutation(upsertCustomerByExternalId, 'outcome'),
  mutation(setCustomerTier, 'customer'),
  connection(listCustomerTiers, 'customerTiers'),
  mutation(createContact, 'contact'),
  connection(listContacts, 'contacts'),
  mutation(findOrCreateContact, 'outcome'),
  query(readContact, 'contact'),
  mutation(updateContact, 'contact'),
  mutation(deleteContact, 'deleted'),
  query(getContactByExternalId, 'contactByExternalId'),
  mutation(upsertContactByExternalId, 'outcome'),
];
