/** What drizzle-kit drafts migrations from: `npx drizzle-kit generate`; the reviewed SQL in migrations/ is the truth. */

import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/db/tables/*.ts',
  out: './node_modules/.cache/drizzle',
  casing: 'snake_case',
});
