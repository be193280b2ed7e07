/** Words of merging: two customers that are found to be one. */

import { z } from 'zod';
import { Job } from '../jobs/model.ts';
import { zId, zIsoInstant, zPage, zText } from '../model.ts';
import { Customer } from './model.ts';

export const mergeFields = {
  from: zId('customer').describe('The customer that is merged into this one.'),
  reason: zText(1000).describe('Why, for the feed.'),
};

export const CustomerMerge = z
  .object({
    customer: Customer.describe('The one that stays, as it stands now.'),
    job: Job.describe('Brings contacts, tickets and activities along.'),
  })
  .meta({ id: 'CustomerMerge', description: 'Two customers that are one from now on.' });

export const MergedCustomer = z
  .object({
    id: zId('customer').describe('TypeID; it means the customer that stayed.'),
    name: z.string().describe('What they were called.'),
    externalIds: z
      .record(z.string(), z.string())
      .meta({ scalar: 'JSON' })
      .describe('Names they had in other systems; these mean the customer that stayed.'),
    mergedAt: zIsoInstant.describe('When they were merged.'),
  })
  .meta({ id: 'MergedCustomer', description: 'A customer that was found to be another one.' });

export const MergedCustomerPage = zPage(MergedCustomer);
