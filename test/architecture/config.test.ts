/** The environment becomes a Config or a message that names what is wrong, and never a secret. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { loadConfig } from '../../src/config.ts';

function faults(env: NodeJS.ProcessEnv): string {
  try {
    loadConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

t.test('nothing has to be set', async (t) => {
  t.match(loadConfig({}), { host: '127.0.0.1', port: 8080, databaseUrl: null, dataDir: '.tierdesk', corsOrigins: [] });
  t.match(loadConfig({ PORT: '', DATABASE_URL: '' }), { port: 8080, databaseUrl: null }, 'an empty variable is absent');
  t.ok(Object.isFrozen(loadConfig({})));
});

t.test('values are read as what they mean', async (t) => {
  const issuer = { issuer: 'acme', jwksUrl: 'https://id.example.com/keys', audience: 'desk', workspace: 'wsp_1' };
  const config = loadConfig({
    PORT: '0',
    DATABASE_PREPARED: 'off',
    CORS_ORIGINS: 'https://a.example.com, http://localhost:3000',
    JWT_ISSUERS: JSON.stringify([issuer]),
    PUBLIC_URL: 'https://desk.example.com/',
  });
  t.match(config, { port: 0, databasePrepared: false, publicUrl: 'https://desk.example.com' });
  t.same(config.corsOrigins, ['https://a.example.com', 'http://localhost:3000']);
  t.same(config.jwtIssuers, [issuer]);
});

t.test('every wrong variable is named at once, with what it is and what was expected', async (t) => {
  const message = faults({
    PORT: 'eighty',
    METRICS_PORT: '70000',
    LOG_LEVEL: 'loud',
    DATABASE_PREPARED: 'no',
    CORS_ORIGINS: 'example.com',
    JWT_ISSUERS: '[{"issuer":"a"}]',
  });
  t.match(message, 'PORT is "eighty": expected a whole number from 0 to 65535');
  t.match(message, 'METRICS_PORT is "70000": expected a whole number from 0 to 65535');
  t.match(message, 'LOG_LEVEL is "loud": expected fatal, error');
  t.match(message, 'DATABASE_PREPARED is "no": expected on or off');
  t.match(message, 'CORS_ORIGINS is "example.com": expected origins');
  t.match(message, 'at 0.jwksUrl expected https://');
});

t.test('numbers are written plainly', async (t) => {
  for (const port of ['1e3', '0x50', '-1', '8080.0', ' 80']) t.match(faults({ PORT: port }), 'PORT is');
});

t.test('secrets are not repeated', async (t) => {
  const secret = 'hunter2 hunter2';
  const message = faults({ DATABASE_URL: secret, TIERDESK_ADMIN_KEY: secret, TIERDESK_SECRET_KEY: secret });
  t.notMatch(message, /hunter2/);
  for (const name of ['DATABASE_URL', 'TIERDESK_ADMIN_KEY', 'TIERDESK_SECRET_KEY'])
    t.match(message, `${name}: expected`);
});

t.test('a misspelt variable of ours is refused', async (t) => {
  t.doesNotThrow(() => loadConfig({ TIERDESK_KEY: 'x' }), "a caller's key is not ours");
  t.match(faults({ TIERDESK_ADMIN_KEY: `td_1_${'0'.repeat(49)}` }), 'it begins with td_');
  t.match(faults({ TIERDESK_ADMINKEY: 'x' }), 'TIERDESK_ADMINKEY: no such variable; there are TIERDESK_DATA_DIR');
  t.equal(
    faults({ TIERDESK_PORT: 'tcp://10.0.0.1:80', TIERDESK_SERVICE_HOST: '10.0.0.1' }),
    '',
    'but not those of Kubernetes',
  );
});

t.test('the environment is read by main.ts alone', async (t) => {
  const root = path.resolve(import.meta.dirname, '../../src');
  // A child process inherits the environment: that reads nothing of it.
  const allowed = ['main.ts', 'db/server.ts'];
  const readers = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !allowed.includes(file))
    .filter((file) => readFileSync(path.join(root, file), 'utf8').match(/^[^*/]*process\.env\b(?!iron)/m));
  t.same(readers, [], 'hand over a Config instead');
});
