/** GraphQL lines of the personal-data domain. */

import { type Field, mutation, query } from '../../doors/graphql/field.ts';
import { eraseContact, exportContactData } from './operations.ts';

export const personalDataFields: Field[] = [
  query(exportContactData, 'exportContactData'),
  mutation(eraseContact, 'job'),
];
