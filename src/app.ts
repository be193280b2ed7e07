/** buildApp: every door and domain, registered by name. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import packageJson from '../package.json' with { type: 'json' };
import { createAuthenticator } from './auth/token.ts';
import type { Changes } from './changes.ts';
import type { Config } from './config.ts';
import type { Services, Workspace } from './context.ts';
import type { Db } from './db/connect.ts';
import { readEpoch } from './db/instance.ts';
import { pendingMigrations } from './db/migrate.ts';
import { deliveries } from './db/tables/escalation.ts';
import { jobs } from './db/tables/jobs.ts';
import { timers } from './db/tables/machinery.ts';
import { tierReviews } from './db/tables/tiering.ts';
import { agents, apiKeys, clients, workspaces } from './db/tables/workspaces.ts';
import { activityFields } from './domains/activities/graphql.ts';
import { activityRelations } from './domains/activities/operations.ts';
import { activityBulk, activityExports, activityRoutes } from './domains/activities/rest.ts';
import { customerFields } from './domains/customers/graphql.ts';
import { mergeJob } from './domains/customers/merge-job.ts';
import { needRelations } from './domains/customers/need-tags.ts';
import { customerRelations } from './domains/customers/operations.ts';
import { customerBulk, customerExports, customerRoutes } from './domains/customers/rest.ts';
import { deliveryFields } from './domains/deliveries/graphql.ts';
import { deliveryRoutes } from './domains/deliveries/rest.ts';
import { eventFields } from './domains/events/graphql.ts';
import { listEvents } from './domains/events/operations.ts';
import { eventRoutes } from './domains/events/rest.ts';
import { integrationFields } from './domains/integrations/graphql.ts';
import { takeMessage } from './domains/integrations/inbound.ts';
import { integrationRoutes } from './domains/integrations/rest.ts';
import { jobFields } from './domains/jobs/graphql.ts';
import { jobRoutes } from './domains/jobs/rest.ts';
import { notificationFields } from './domains/notifications/graphql.ts';
import { notificationRoutes } from './domains/notifications/rest.ts';
import { eraseJob } from './domains/personal-data/erase-job.ts';
import { personalDataFields } from './domains/personal-data/graphql.ts';
import { personalDataRoutes } from './domains/personal-data/rest.ts';
import { reportFields } from './domains/reports/graphql.ts';
import { reportRoutes } from './domains/reports/rest.ts';
import { backtestJob } from './domains/service-levels/backtest.ts';
import { serviceLevelFields } from './domains/service-levels/graphql.ts';
import { recomputeJob } from './domains/service-levels/recompute-job.ts';
import { serviceLevelRoutes } from './domains/service-levels/rest.ts';
import { surveyFields } from './domains/surveys/graphql.ts';
import { surveyExports, surveyRoutes } from './domains/surveys/rest.ts';
import { ticketRelations } from './domains/tickets/clocks.ts';
import { ticketFields } from './domains/tickets/graphql.ts';
import { ticketBulk, ticketExports, ticketRoutes } from './domains/tickets/rest.ts';
import { tierFields } from './domains/tiers/graphql.ts';
import { tierPreviewJob } from './domains/tiers/preview-job.ts';
import { tierRecomputeJob } from './domains/tiers/recompute-job.ts';
import { tierRoutes } from './domains/tiers/rest.ts';
import { webhookLines } from './domains/webhooks/graphql.ts';
import { webhookRoutes } from './domains/webhooks/rest.ts';
import { workspaceFields } from './domains/workspaces/graphql.ts';
import { workspaceRoutes } from './domains/workspaces/rest.ts';
import { getWorkspace } from './domains/workspaces/store.ts';
import { Pulse } from './doors/follow.ts';
import { type Field, idArgument } from './doors/graphql/field.ts';
import { registerGraphql } from './doors/graphql/server.ts';
import { registerGraphqlStream } from './doors/graphql/stream.ts';
import { type BulkRoute, registerBulk } from './doors/rest/bulk.ts';
import { type ExportRoute, registerExport } from './doors/rest/export.ts';
import { registerHealth } from './doors/rest/health.ts';
import { registerInbound } from './doors/rest/inbound.ts';
import { registerTokenEndpoint } from './doors/rest/oauth.ts';
import { openapi } from './doors/rest/openapi.ts';
import { registerPages } from './doors/rest/pages.ts';
import { answerOf, pathParameters, type Route, registerRoutes } from './doors/rest/route.ts';
import { createServer } from './doors/rest/server.ts';
import { registerEventStream } from './doors/rest/stream.ts';
import { registerSurveyPages } from './doors/rest/survey.ts';
import { ID_PREFIXES, type IdKind } from './ids.ts';
import { tellNow } from './jobs/dispatcher.ts';
import { advanceTestClock } from './jobs/timekeeper.ts';
import { type AnyJob, finishJobs } from './jobs/worker.ts';
import type { Desk, Operation, Relation } from './operation.ts';
import { createOutbound } from './outbound.ts';
import type { Instant } from './rules/calendar.ts';

/** A domain as the doors see it; `schema/<name>.graphql` is its SDL. */
export interface Domain {
  name: string;
  routes: Route[];
  fields: Field[];
  /** What can be sent by many lines at once. */
  bulk?: BulkRoute[];
  /** What can be taken away as a whole. */
  exports?: ExportRoute[];
}

export const DOMAINS: Domain[] = [
  { name: 'workspaces', routes: workspaceRoutes, fields: workspaceFields },
  { name: 'tiers', routes: tierRoutes, fields: tierFields },
  {
    name: 'customers',
    routes: customerRoutes,
    fields: customerFields,
    bulk: customerBulk,
    exports: customerExports,
  },
  {
    name: 'activities',
    routes: activityRoutes,
    fields: activityFields,
    bulk: activityBulk,
    exports: activityExports,
  },
  { name: 'service-levels', routes: serviceLevelRoutes, fields: serviceLevelFields },
  { name: 'tickets', routes: ticketRoutes, fields: ticketFields, bulk: ticketBulk, exports: ticketExports },
  { name: 'surveys', routes: surveyRoutes, fields: surveyFields, exports: surveyExports },
  { name: 'integrations', routes: integrationRoutes, fields: integrationFields },
  { name: 'notifications', routes: notificationRoutes, fields: notificationFields },
  { name: 'webhooks', routes: webhookRoutes, fields: webhookLines },
  { name: 'deliveries', routes: deliveryRoutes, fields: deliveryFields },
  { name: 'reports', routes: reportRoutes, fields: reportFields },
  { name: 'personal-data', routes: personalDataRoutes, fields: personalDataFields },
  { name: 'jobs', routes: jobRoutes, fields: jobFields },
  { name: 'events', routes: eventRoutes, fields: eventFields },
];

/** Long work, by type. */
export const JOBS: AnyJob[] = [recomputeJob, backtestJob, mergeJob, eraseJob, tierRecomputeJob, tierPreviewJob];

export const RELATIONS: Relation[] = [...ticketRelations, ...customerRelations, ...activityRelations, ...needRelations];

export const ROUTES = DOMAINS.flatMap((domain) => domain.routes);
export const BULK = DOMAINS.flatMap((domain) => domain.bulk ?? []);
export const EXPORTS = DOMAINS.flatMap((domain) => domain.exports ?? []);
export const FIELDS = DOMAINS.flatMap((domain) => domain.fields);

const ROOT = join(import.meta.dirname, '..');
export const MIGRATIONS = join(ROOT, 'migrations');
export const SCHEMA = join(ROOT, 'schema');
export const OPENAPI = join(ROOT, 'openapi.yaml');

/** The OpenAPI document of this desk. */
export function contract(): object {
  return openapi({ domains: DOMAINS, relations: RELATIONS, version: packageJson.version });
}

/** Models that `node(id:)` finds: whatever a query field reads by its id alone. */
export function nodesOf(fields: Field[]): Map<string, { kind: IdKind; operation: Operation }> {
  const nodes = new Map<string, { kind: IdKind; operation: Operation }>();
  for (const { shape, operation } of fields) {
    const argument = shape === 'query' ? idArgument(operation) : null;
    const { model } = answerOf(operation.output);
    const kind = argument?.replace(/Id$/, '') as IdKind | undefined;
    const hasId = 'id' in ((operation.output as { shape?: object }).shape ?? {});
    if (kind !== undefined && kind in ID_PREFIXES && model !== null && hasId) nodes.set(model, { kind, operation });
  }
  return nodes;
}

export interface AppDeps {
  config: Config;
  db: Db;
  services: Omit<Services, 'bodyLimitBytes' | 'fetch' | 'epoch' | 'advance' | 'tell'>;
  log: FastifyBaseLogger;
}

export interface App {
  server: FastifyInstance;
  desk: Desk;
  metrics: Registry;
  /** Called after a save that set a live timer, with its instant; the process points it at its timekeeper. */
  onTimer: { call: (due: Instant) => void };
  /** The same for its reviewer, after a save that asked for a review. */
  onReview: { call: (due: Instant) => void };
  /** The same for its courier, after a save that made or moved a delivery. */
  onDelivery: { call: () => void };
  /** The same for its worker, after a save that asked for a job. */
  onJob: { call: () => void };
}

export async function buildApp({ config, db, services: lent, log }: AppDeps): Promise<App> {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const durations = new Histogram({
    name: 'tierdesk_operation_duration_seconds',
    help: 'How long operations took, by name, door and outcome.',
    labelNames: ['operation', 'door', 'code'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [metrics],
  });
  const onTimer: App['onTimer'] = { call() {} };
  const onReview: App['onReview'] = { call() {} };
  const onDelivery: App['onDelivery'] = { call() {} };
  const onJob: App['onJob'] = { call() {} };
  const services: Services = {
    ...lent,
    bodyLimitBytes: config.bodyLimitBytes,
    fetch: createOutbound({ allowPrivate: config.outboundPrivate }),
    epoch: await readEpoch(db),
    async advance(workspace, to) {
      const finish = () => finishJobs(desk, JOBS, workspace.workspaceId, log);
      // What was asked for before the clock moves belongs to the time before.
      await finish();
      return advanceTestClock(desk, workspace, to, log, finish);
    },
    tell: (workspace, now) => tellNow(desk, log, workspace.workspaceId, now),
  };
  const authenticator = createAuthenticator({ db, services, issuers: config.jwtIssuers, log });
  const accessTables = new Set<unknown>([agents, apiKeys, clients, workspaces]);
  const desk: Desk = {
    db,
    services,
    relations: RELATIONS,
    workspaceNow: (workspaceId) => getWorkspace(db, workspaceId),
    pathParameters: new Map(ROUTES.map(({ path, operation }) => [operation.name, pathParameters(path)])),
    saved(workspace: Workspace, changes: Changes) {
      if (changes.written.some(({ table }) => accessTables.has(table))) authenticator.forget(workspace.workspaceId);
      for (const { kind, table, row } of changes.entries) {
        if (table === timers && row['live'] && row['due'] !== null) onTimer.call(row['due'] as Instant);
        if (table === tierReviews && row['live'] && kind === 'insert') onReview.call(row['due'] as Instant);
      }
      if (changes.entries.some(({ table }) => table === deliveries)) onDelivery.call();
      if (changes.entries.some(({ table }) => table === jobs)) onJob.call();
      if (changes.events.length > 0) desk.pulse.beat();
    },
    pulse: new Pulse(),
    observe(operation, door, code, seconds) {
      durations.observe({ operation, door, code }, seconds);
    },
  };

  const server = await createServer(config, log);
  registerHealth(server, {
    metrics,
    metricsOnLoopback: config.metricsPort === null,
    async ready() {
      const pending = await pendingMigrations(db, MIGRATIONS);
      if (pending.length > 0) throw new Error(`Migrations are missing: ${pending.join(', ')}`);
    },
  });
  registerPages(server, contract);
  registerTokenEndpoint(server, authenticator);
  await registerSurveyPages(server, desk);
  await registerInbound(server, (log, integrationId, message) => takeMessage(desk, log, integrationId, message));
  await server.register(async (guarded) => {
    guarded.addHook('onRequest', async (request) => {
      request.session = await authenticator.authenticate(request.headers.authorization);
    });
    guarded.addHook('onSend', async (_request, reply) => {
      // Personal data and keys shown once are nobody's to keep.
      if (!reply.hasHeader('Cache-Control')) reply.header('Cache-Control', 'no-store');
    });
    registerRoutes(guarded, desk, ROUTES);
    registerEventStream(guarded, desk, listEvents, (request) =>
      authenticator.authenticate(request.headers.authorization),
    );
    await registerBulk(guarded, desk, BULK, {
      sessionOf: (authorization) => authenticator.authenticate(authorization),
      idleSeconds: config.requestTimeoutSeconds,
    });
    await registerExport(guarded, desk, EXPORTS, {
      sessionOf: (authorization) => authenticator.authenticate(authorization),
      idleSeconds: config.requestTimeoutSeconds,
    });
    await registerGraphql(guarded, desk, config, {
      sdl: readdirSync(SCHEMA)
        .filter((file) => file.endsWith('.graphql'))
        .map((file) => readFileSync(join(SCHEMA, file), 'utf8')),
      fields: FIELDS,
      nodes: nodesOf(FIELDS),
    });
    registerGraphqlStream(guarded, desk, config, guarded.graphql.schema, listEvents, (request) =>
      authenticator.authenticate(request.headers.authorization),
    );
  });
  server.addHook('onClose', async () => {
    await authenticator.flush();
  });
  return { server, desk, metrics, onTimer, onReview, onDelivery, onJob };
}
