/** GraphQL lines of the deliveries domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { getSigningSecret, listDeliveries, retryDelivery } from './operations.ts';

export const deliveryFields: Field[] = [
  connection(listDeliveries, 'deliveries'),
  query(getSigningSecret, 'signingSecret'),
  mutation(retryDelivery, 'delivery'),
];
