/** GraphQL lines of the events domain. */

import { connection, type Field } from '../../doors/graphql/field.ts';
import { listEvents } from './operations.ts';

export const eventFields: Field[] = [connection(listEvents, 'events')];
