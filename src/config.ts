/** The environment as one frozen Config: the only reader of process.env. */

import { z } from 'zod';

const flag = (fallback: 'on' | 'off') =>
  z
    .enum(['on', 'off'])
    .default(fallback)
    .transform((value) => value === 'on');
const whole = (fallback: number, least: number, most: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback);

const zIssuers = z
  .string()
  .default('[]')
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'expected JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z.array(
      z.strictObject({ issuer: z.url(), jwksUrl: z.url(), audience: z.string().min(1), workspace: z.string().min(1) }),
    ),
  );

const zEnvironment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: whole(8080, 0, 65_535),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected postgres://…')
    .optional(),
  DATABASE_POOL_SIZE: whole(10, 1, 500),
  DATABASE_PREPARED: flag('on'),
  TIERDESK_DATA_DIR: z.string().min(1).default('.tierdesk'),
  TIERDESK_ADMIN_KEY: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,200}$/, 'expected 16 to 200 letters, digits, _ or -')
    .optional(),
  TIERDESK_SECRET_KEY: z.string().min(32, 'expected at least 32 characters').optional(),
  PUBLIC_URL: z.url().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  JWT_ISSUERS: zIssuers,
  CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ''),
    ),
  BODY_LIMIT_BYTES: whole(1024 * 1024, 1024, 64 * 1024 * 1024),
  REQUEST_TIMEOUT_SECONDS: whole(30, 1, 600),
  GRAPHQL_INTROSPECTION: flag('on'),
  GRAPHQL_MAX_DEPTH: whole(12, 1, 100),
  GRAPHQL_MAX_TOKENS: whole(2000, 100, 100_000),
  GRAPHQL_MAX_COST: whole(50_000, 100, 10_000_000),
});

/** Read once at start; nothing else reads the environment. Throws an Error that names every variable that is wrong. */
export function loadConfig(env: NodeJS.ProcessEnv) {
  const unknown = Object.keys(env).filter((name) => name.startsWith('TIERDESK_') && !(name in zEnvironment.shape));
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name in zEnvironment.shape && value !== ''),
  );
  const parsed = zEnvironment.safeParse(given);
  const faults = [
    ...unknown.map((name) => `${name}: no such variable`),
    ...(parsed.error?.issues ?? []).map(
      (issue) => `${String(issue.path[0])}: ${issue.path.slice(1).join('.')} ${issue.message}`,
    ),
  ];
  if (!parsed.success || faults.length > 0)
    throw new Error(`The configuration is not valid.\n  ${faults.join('\n  ')}`);
  const e = parsed.data;
  return Object.freeze({
    host: e.HOST,
    port: e.PORT,
    databaseUrl: e.DATABASE_URL ?? null,
    databasePoolSize: e.DATABASE_POOL_SIZE,
    databasePrepared: e.DATABASE_PREPARED,
    dataDir: e.TIERDESK_DATA_DIR,
    adminKey: e.TIERDESK_ADMIN_KEY ?? null,
    secretKey: e.TIERDESK_SECRET_KEY ?? null,
    publicUrl: e.PUBLIC_URL?.replace(/\/$/, '') ?? null,
    logLevel: e.LOG_LEVEL,
    metricsPort: e.METRICS_PORT ?? null,
    jwtIssuers: e.JWT_ISSUERS,
    corsOrigins: e.CORS_ORIGINS,
    bodyLimitBytes: e.BODY_LIMIT_BYTES,
    requestTimeoutSeconds: e.REQUEST_TIMEOUT_SECONDS,
    graphqlIntrospection: e.GRAPHQL_INTROSPECTION,
    graphqlMaxDepth: e.GRAPHQL_MAX_DEPTH,
    graphqlMaxTokens: e.GRAPHQL_MAX_TOKENS,
    graphqlMaxCost: e.GRAPHQL_MAX_COST,
  });
}

export type Config = ReturnType<typeof loadConfig>;
