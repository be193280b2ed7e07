/** GraphQL lines of the customers domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
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

export const customerFields: Field[] = [
  mutation(createCustomer, 'customer'),
  connection(listCustomers, 'customers'),
  query(readCustomer, 'customer'),
  mutation(updateCustomer, 'customer'),
  mutation(deleteCustomer, 'deleted'),
  query(getCustomerByExternalId, 'customerByExternalId'),
  mutation(upsertCustomerByExternalId, 'outcome'),
  mutation(setCustomerTier, 'customer'),
  mutation(releaseCustomerTier, 'customer'),
  connection(listCustomerTiers, 'customerTiers'),
  query(getCustomerEntitlements, 'customerEntitlements'),
  connection(listCustomerNeedTags, 'customerNeedTags'),
  mutation(setCustomerNeedTag, 'needTag'),
  mutation(rejectCustomerNeedTag, 'needTag'),
  mutation(removeCustomerNeedTag, 'deleted'),
  mutation(needRuleResource.create, 'needRule'),
  connection(needRuleResource.list, 'needRules'),
  query(needRuleResource.get, 'needRule'),
  mutation(needRuleResource.update, 'needRule'),
  mutation(needRuleResource.remove, 'deleted'),
  query(getFieldOwners, 'fieldOwners'),
  mutation(setFieldOwners, 'fieldOwners'),
  mutation(mergeCustomers, 'merge'),
  connection(listMergedCustomers, 'mergedCustomers'),
  mutation(createContact, 'contact'),
  connection(listContacts, 'contacts'),
  mutation(findOrCreateContact, 'outcome'),
  query(readContact, 'contact'),
  mutation(updateContact, 'contact'),
  mutation(deleteContact, 'deleted'),
  query(getContactByExternalId, 'contactByExternalId'),
  mutation(upsertContactByExternalId, 'outcome'),
];
