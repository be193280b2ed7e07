/**
 * Runs before `npm start` and `npm test`: installs what is missing. Plain JavaScript, for the machine's own Node may be
 * an old one; what runs afterwards finds the Node 24 of the npm package `node` first in its PATH.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** An installation without the development tools is enough to start, given a Node that runs TypeScript. */
const wantsTools = process.env.npm_lifecycle_event !== 'prestart' || Number(process.versions.node.split('.')[0]) < 24;

if (!isInstalled()) install();

/** npm keeps the list of what it installed: compared with the lock file, so that an `npm install` by hand counts too. */
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const found = readPackages('node_modules/.package-lock.json');
  if (wanted === null || found === null) return false;
  if (wantsTools && !existsSync(path.join(ROOT, 'node_modules/node/bin'))) return false;
  return Object.entries(wanted).every(([where, { version, optional, devOptional, dev }]) => {
    if (where === '') return true;
    if (found[where] !== undefined) return found[where].version === version;
    // What another platform needs is not installed.
    return optional || devOptional || (dev && !wantsTools);
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')).packages;
  } catch {
    return null;
  }
}

function install() {
  console.error('Installing the dependencies, once; this takes a minute …');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(wantsTools ? ['--include=dev'] : [])];
  const npm = process.env.npm_execpath;
  const options = { cwd: ROOT, encoding: 'utf8' };
  const { status, error, stdout, stderr } =
    npm !== undefined && /npm-cli\.[cm]?js$/.test(npm)
      ? spawnSync(process.execPath, [npm, ...args], options)
      : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (status === 0) return;
  console.error(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim());
  console.error('\nThe dependencies could not be installed (`npm ci`): see above. Is the npm registry reachable?');
  process.exit(1);
}
