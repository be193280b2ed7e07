/** Pages for people: /docs, /graphiql, the OpenAPI document and what each error means. They load nothing from elsewhere. */

import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { stringify } from 'yaml';
import { hashOf, setPolicy } from './content-policy.ts';
import { registerProblemPages } from './problem-pages.ts';

/** `contract` makes the OpenAPI document; it is made when somebody first asks. */
export function registerPages(app: FastifyInstance, contract: () => object): void {
  registerContract(app, contract);
  registerDocs(app);
  registerGraphiql(app);
  registerProblemPages(app);
  app.get('/favicon.ico', async (_request, reply) => reply.code(204).send());
}

const HTML = 'text/html; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

function keep(reply: FastifyReply): void {
  reply.header('Cache-Control', 'public, max-age=3600');
}

function registerContract(app: FastifyInstance, contract: () => object): void {
  const texts: Record<string, string> = {};
  app.get('/openapi.json', async (_request, reply) => {
    texts['json'] ??= JSON.stringify(contract());
    return reply.type('application/json; charset=utf-8').send(texts['json']);
  });
  app.get('/openapi.yaml', async (_request, reply) => {
    texts['yaml'] ??= stringify(contract(), { aliasDuplicateObjects: false, version: '1.1' });
    return reply.type('application/yaml; charset=utf-8').send(texts['yaml']);
  });
}

/**
 * The API reference: Scalar, with everything switched off that speaks to Scalar. Its script is part of its plugin, 35 MB
 * once loaded, so the plugin lives in a server of its own that is made when somebody first looks.
 */
function registerDocs(app: FastifyInstance): void {
  let opened: Promise<FastifyInstance> | null = null;
  app.get('/docs', async (_request, reply) => reply.redirect('docs/', 301));
  app.get('/docs/', async (_request, reply) => {
    const html = (await ask('/docs/')).body;
    const inline = [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
    setPolicy(reply, {
      'script-src': ["'self'", ...inline.filter((text) => text !== '').map(hashOf)].join(' '),
      'style-src': "'self' 'unsafe-inline'",
      'img-src': "'self' data: blob:",
      'font-src': "'self' data:",
      'connect-src': "'self'",
    });
    return reply.type(HTML).send(html);
  });
  app.get('/docs/js/scalar.js', async (_request, reply) => {
    keep(reply);
    return reply.type(JAVASCRIPT).send((await ask('/docs/js/scalar.js')).rawPayload);
  });

  async function ask(url: string) {
    opened ??= openScalar();
    return (await opened).inject(url);
  }
}

async function openScalar(): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const server = fastify();
  await server.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Tierdesk API',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      mcp: { disabled: true },
      agent: { disabled: true },
      showOperationId: true,
      defaultOpenAllTags: false,
    },
  });
  await server.ready();
  return server;
}

const GRAPHIQL = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Tierdesk GraphiQL</title>
    <link rel="stylesheet" href="graphiql/app.css" />
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>This page needs JavaScript.</noscript>
    <div id="root"></div>
    <script src="graphiql/workers.js"></script>
    <script src="graphiql/app.js"></script>
    <script src="graphiql/start.js"></script>
  </body>
</html>
`;

const WORKERS = `self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => \`graphiql/\${label === 'graphql' || label === 'json' ? label : 'editor'}.worker.js\`,
};
`;

/** The key is typed into the headers and forgotten with the page. */
const START = `YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  endpoint: '/graphql',
  title: 'Tierdesk GraphiQL',
  logo: '<span></span>',
  method: 'POST',
  shouldPersistHeaders: false,
  headers: JSON.stringify({ Authorization: 'Bearer ' }, null, 2),
  defaultQuery: \`# Paste a key into the headers below, after "Bearer ".
{
  me {
    name
    role
    workspace { name now }
  }
}
\`,
});
`;

function registerGraphiql(app: FastifyInstance): void {
  app.get('/graphiql', async (_request, reply) => {
    setPolicy(reply, {
      'script-src': "'self'",
      'worker-src': "'self'",
      // Its editor makes style elements.
      'style-src': "'self' 'unsafe-inline'",
      'img-src': "'self' data:",
      'font-src': "'self' data:",
      'connect-src': "'self'",
    });
    return reply.type(HTML).send(GRAPHIQL);
  });
  // Nine megabytes that most desks never need: read when somebody first looks.
  const bundle = () => import('@graphql-yoga/render-graphiql/graphiql');
  const assets: Record<string, () => string | Promise<string>> = {
    'app.js': async () => (await bundle()).js,
    'app.css': async () => (await bundle()).css,
    'editor.worker.js': async () => (await bundle()).editorWorkerService,
    'graphql.worker.js': async () => (await bundle()).graphqlWorker,
    'json.worker.js': async () => (await bundle()).jsonWorker,
    'workers.js': () => WORKERS,
    'start.js': () => START,
  };
  for (const [name, text] of Object.entries(assets)) {
    app.get(`/graphiql/${name}`, async (_request, reply) => {
      keep(reply);
      return reply.type(name.endsWith('.css') ? 'text/css; charset=utf-8' : JAVASCRIPT).send(await text());
    });
  }
}
