/** REST lines of the personal-data domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { eraseContact, exportContactData } from './operations.ts';

export const personalDataRoutes: Route[] = [
  route('GET /contacts/:contactId/personal-data', exportContactData),
  route('POST /contacts/:contactId/erase', eraseContact),
];
