/** GraphQL lines of the reports domain. */

import { type Field, query } from '../../doors/graphql/field.ts';
import { getAtRisk } from './at-risk.ts';
import { getAttainment } from './operations.ts';

export const reportFields: Field[] = [query(getAttainment, 'attainment'), query(getAtRisk, 'atRisk')];
