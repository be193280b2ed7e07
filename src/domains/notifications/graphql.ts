/** GraphQL lines of the notifications domain. */

import { connection, type Field, mutation } from '../../doors/graphql/field.ts';
import { listNotifications, markNotificationRead } from './operations.ts';

export const notificationFields: Field[] = [
  connection(listNotifications, 'notifications'),
  mutation(markNotificationRead, 'notification'),
];
