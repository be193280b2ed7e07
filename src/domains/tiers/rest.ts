/** REST lines of the tiers domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { getCustomerTierExplanation } from './explanation.ts';
import { tierResource } from './operations.ts';
import { previewTierModel } from './preview.ts';
import { recomputeTiers } from './recompute.ts';
import { confirmTierSample, listTierSamples } from './samples.ts';
import { applyTierModel, getTierModel, getTierModelByNumber, listTierModels } from './tier-models.ts';

export const tierRoutes: Route[] = [
  route('POST /tiers', tierResource.create),
  route('GET /tiers', tierResource.list),
  route('GET /tiers/:tierId', tierResource.get),
  route('PATCH /tiers/:tierId', tierResource.update),
  route('DELETE /tiers/:tierId', tierResource.remove),
  route('GET /tier-model', getTierModel),
  route('GET /customers/:customerId/tier/explanation', getCustomerTierExplanation),
  route('POST /tier-models', applyTierModel),
  route('GET /tier-models', listTierModels),
  route('POST /tier-models/preview', previewTierModel),
  route('POST /tier-models/recompute', recomputeTiers),
  route('GET /tier-models/:number', getTierModelByNumber),
  route('GET /tier-samples', listTierSamples),
  route('POST /tier-samples/:tierSampleId/confirm', confirmTierSample),
];
