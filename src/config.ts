/** The environment as one frozen Config: the only reader of process.env. */

import { z } from 'zod';
import { parseKey } from './auth/keys.ts';

const flag = (fallback: 'on' | 'off') =>
  z
    .enum(['on', 'off'], { error: 'expected on or off' })
    .default(fallback)
    .transform((value) => value === 'on');

const whole = (least: number, most: number) => {
  const error = `expected a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error, abort: true })
    .transform(Number)
    .pipe(z.number().min(least, error).max(most, error));
};

const wholeOr = (fallback: number, least: number, most: number) => whole(least, most).default(fallback);

const address = (expected: string) => z.url({ protocol: /^https?$/, error: expected });

const ISSUERS = 'expected a JSON array of {"issuer", "jwksUrl", "audience", "workspace"}';

const zIssuers = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: ISSUERS });
      return z.NEVER;
    }
  })
  .pipe(
    z.array(
      z.strictObject({
        /** `iss` of its tokens, letter by letter. */
        issuer: z.string().min(1),
        /** Where its public keys are. */
        jwksUrl: address('expected https://…'),
        /** `aud` must hold it. */
        audience: z.string().min(1),
        /** TypeID of the workspace its tokens open. */
        workspace: z.string().min(1),
      }),
      ISSUERS,
    ),
  )
  .default([]);

const zOrigins = z
  .string()
  .transform((text) => text.split(',').flatMap((origin) => origin.trim() || []))
  .refine((origins) => origins.every(isOrigin), 'expected origins with a comma between: https://desk.example.com')
  .default([]);

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Every variable there is. An empty one counts as absent. */
const zEnvironment = z.object({
  /** The address to listen on; 0.0.0.0 for all. */
  HOST: z.string().default('127.0.0.1'),
  /** 0 is any free port. */
  PORT: wholeOr(8080, 0, 65_535),
  /** Absent: the desk runs a PostgreSQL of its own in TIERDESK_DATA_DIR. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected postgres://user:password@host:5432/database')
    .optional(),
  DATABASE_POOL_SIZE: wholeOr(10, 1, 500),
  /** Off for poolers that keep no named statements. */
  DATABASE_PREPARED: flag('on'),
  TIERDESK_DATA_DIR: z.string().default('.tierdesk'),
  /** The key that makes workspaces. Absent: one is made at the first start. */
  TIERDESK_ADMIN_KEY: z
    .string()
    .regex(/^[A-Za-z0-9_-]{16,200}$/, 'expected 16 to 200 letters, digits, _ or -')
    .refine((key) => parseKey(key) !== null, 'it begins with td_ and is no key of ours: it could never be used')
    .optional(),
  /** Signs tokens and survey links; the same in every process. Absent: one is made at the first start. */
  TIERDESK_SECRET_KEY: z.string().min(32, 'expected at least 32 characters').optional(),
  /** How the desk is reached from outside, for links. */
  PUBLIC_URL: address('expected https://desk.example.com').optional(),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'expected fatal, error, warn, info, debug, trace or silent',
    })
    .default('info'),
  /** /metrics on a port of its own, for everybody who reaches it. Absent: on the main port, for loopback callers. */
  METRICS_PORT: whole(0, 65_535).optional(),
  JWT_ISSUERS: zIssuers,
  CORS_ORIGINS: zOrigins,
  BODY_LIMIT_BYTES: wholeOr(1024 * 1024, 1024, 64 * 1024 * 1024),
  REQUEST_TIMEOUT_SECONDS: wholeOr(30, 1, 600),
  /** On: webhooks and whatever else the desk calls may be on its own network. */
  OUTBOUND_PRIVATE: flag('off'),
  GRAPHQL_INTROSPECTION: flag('on'),
  GRAPHQL_MAX_DEPTH: wholeOr(12, 1, 100),
  GRAPHQL_MAX_TOKENS: wholeOr(2000, 100, 100_000),
  GRAPHQL_MAX_COST: wholeOr(50_000, 100, 10_000_000),
});

/** What an error message must not repeat. */
const SECRETS = new Set(['DATABASE_URL', 'TIERDESK_ADMIN_KEY', 'TIERDESK_SECRET_KEY']);

/** TIERDESK_KEY is its callers' own; Kubernetes gives every container variables about a Service called `tierdesk`. */
const NOT_OURS = /^TIERDESK_(KEY$|(SERVICE|PORT)(_|$))/;

/** Read once at start; nothing else reads the environment. Throws an Error that names every variable that is wrong. */
export function loadConfig(env: NodeJS.ProcessEnv) {
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name in zEnvironment.shape && value !== ''),
  );
  const parsed = zEnvironment.safeParse(given);
  const faults = [...unknownVariables(env), ...(parsed.error?.issues ?? []).map((issue) => faultOf(issue, given))];
  if (!parsed.success || faults.length > 0) {
    throw new Error(`The configuration is not valid:\n  ${faults.join('\n  ')}`);
  }
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
    outboundPrivate: e.OUTBOUND_PRIVATE,
    graphqlIntrospection: e.GRAPHQL_INTROSPECTION,
    graphqlMaxDepth: e.GRAPHQL_MAX_DEPTH,
    graphqlMaxTokens: e.GRAPHQL_MAX_TOKENS,
    graphqlMaxCost: e.GRAPHQL_MAX_COST,
  });
}

export type Config = ReturnType<typeof loadConfig>;

/** A misspelt name would be a setting that silently does nothing. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('TIERDESK_') && !(name in zEnvironment.shape) && !NOT_OURS.test(name))
    .map((name) => {
      const known = Object.keys(zEnvironment.shape).filter((other) => other.startsWith('TIERDESK_'));
      return `${name}: no such variable; there are ${known.join(', ')}`;
    });
}

/** `PORT is "eighty": expected a whole number from 0 to 65535` */
function faultOf({ path, message }: z.core.$ZodIssue, given: NodeJS.ProcessEnv): string {
  const name = String(path[0]);
  const value = SECRETS.has(name) ? '' : ` is ${JSON.stringify(given[name]?.slice(0, 100))}`;
  const inside = path.length > 1 ? ` at ${path.slice(1).join('.')}` : '';
  return `${name}${value}:${inside} ${message}`;
}
