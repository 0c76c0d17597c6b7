/** `tsx scripts/fleet-schema.ts [--check]`: writes the fleet file's JSON Schema for editors, or says that it is out of date. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { fleetJsonSchema } from '../src/fleet/schema.js';

const file = fileURLToPath(new URL('../fleet.schema.json', import.meta.url));
const wanted = formatted(JSON.stringify(fleetJsonSchema()));

if (!process.argv.includes('--check')) {
  await writeFile(file, wanted);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
  console.error('fleet.schema.json is not what src/fleet/schema.ts says now; run: npx tsx scripts/fleet-schema.ts');
  process.exitCode = 1;
}

/** As the formatter wants all JSON here, or `npm run check` would refuse what this script has written. */
function formatted(json: string): string {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  return execFileSync(process.execPath, [biome, 'format', '--stdin-file-path=fleet.schema.json'], {
    input: json,
    encoding: 'utf8',
  });
}
