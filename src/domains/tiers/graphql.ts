/** GraphQL lines of the tiers domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { getCustomerTierExplanation } from './explanation.ts';
import { tierResource } from './operations.ts';
import { previewTierModel } from './preview.ts';
import { recomputeTiers } from './recompute.ts';
import { confirmTierSample, listTierSamples } from './samples.ts';
import { applyTierModel, getTierModel, getTierModelByNumber, listTierModels } from './tier-models.ts';

export const tierFields: Field[] = [
  mutation(tierResource.create, 'tier'),
  connection(tierResource.list, 'tiers'),
  query(tierResource.get, 'tier'),
  mutation(tierResource.update, 'tier'),
  mutation(tierResource.remove, 'deleted'),
  query(getTierModel, 'tierModel'),
  query(getCustomerTierExplanation, 'customerTierExplanation'),
  mutation(applyTierModel, 'outcome'),
  mutation(previewTierModel, 'job'),
  mutation(recomputeTiers, 'job'),
  connection(listTierModels, 'tierModels'),
  query(getTierModelByNumber, 'tierModelByNumber'),
  connection(listTierSamples, 'tierSamples'),
  mutation(confirmTierSample, 'tierSample'),
];
