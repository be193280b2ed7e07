/** GraphQL lines of the reports domain. */

import { connection, type Field, query } from '../../doors/graphql/field.ts';
import { getAtRisk } from './at-risk.ts';
import { listCustomersAboutToChangeTier, listCustomersAtRisk } from './customer-lists.ts';
import { getNeedTagReport } from './need-tags.ts';
import { getAttainment } from './operations.ts';
import { getTierAccuracy } from './tier-accuracy.ts';

export const reportFields: Field[] = [
  query(getAttainment, 'attainment'),
  query(getAtRisk, 'atRisk'),
  connection(listCustomersAboutToChangeTier, 'customersAboutToChangeTier'),
  connection(listCustomersAtRisk, 'customersAtRisk'),
  query(getTierAccuracy, 'tierAccuracy'),
  query(getNeedTagReport, 'needTagReport'),
];
