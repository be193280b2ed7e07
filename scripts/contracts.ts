/** Writes the contracts from the code: schema/*.graphql and openapi.yaml. With --check it writes nothing and fails when one differs. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { contract, DOMAINS, FIELDS, nodesOf, OPENAPI, RELATIONS, SCHEMA } from '../src/app.ts';
import { SdlWriter } from '../src/doors/graphql/sdl.ts';

const check = process.argv.includes('--check');
let differing = 0;

function put(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  differing++;
  if (check) {
    console.error(`${path} differs from the code: run \`npm run contracts\` and look at what changed.`);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
}

const writer = new SdlWriter(RELATIONS, new Set(nodesOf(FIELDS).keys()));
for (const { name, fields } of DOMAINS) put(join(SCHEMA, `${name}.graphql`), writer.domain(fields));

const head = '# Written by scripts/contracts.ts from the routes and their schemas.\n';
// Readers of YAML 1.1 would take instants, and words like `no`, for something else: such text is quoted.
const form = { aliasDuplicateObjects: false, lineWidth: 0, blockQuote: 'literal', version: '1.1' } as const;
put(OPENAPI, head + stringify(contract(), form));

if (check && differing > 0) process.exit(1);
