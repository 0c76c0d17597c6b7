import { parseArgs } from 'node:util';
import { fuzz } from '../test/support/core-fuzz.js';

/** Plays so many runs of the core in a hostile world; ends with 1 if one of them was not as it must be. */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '2500' }, from: { type: 'string', default: '1' } },
});
const from = Number(values.from);
let steps = 0;
const broken: string[] = [];
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  try {
    steps += fuzz(seed).steps;
  } catch (error) {
    broken.push((error as Error).message);
  }
}
for (const line of broken.slice(0, 20)) console.error(line);
console.log(`${values.seeds} runs, ${steps} steps, ${broken.length} broken`);
process.exitCode = broken.length > 0 ? 1 : 0;
