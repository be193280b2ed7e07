/** GraphQL lines of the tiers domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { tierResource } from './operations.ts';

export const tierFields: Field[] = [
  mutation(tierResource.create, 'tier'),
  connection(tierResource.list, 'tiers'),
  query(tierResource.get, 'tier'),
  mutation(tierResource.update, 'tier'),
  mutation(tierResource.remove, 'deleted'),
];
