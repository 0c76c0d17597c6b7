/**
 * Run by managed-process.test.ts: a parent that ends in the way that its argument names, without cleaning up. Prints the
 * ids of its two children and of what one of them started, and the path of its directory.
 */
import { childrenOf, temporaryDirectory } from '../../scripts/dev/processes.js';
import { spawnManaged } from '../../src/processes/managed-process.js';
import { FOREVER, withChild } from './programs.js';

const directory = await temporaryDirectory('parent');
const plain = await spawnManaged('plain', process.execPath, ['-e', FOREVER]);
await spawnManaged('wrapper', process.execPath, ['-e', withChild(process.argv[3] ?? FOREVER)], {
  onLine(line) {
    console.log(JSON.stringify({ pids: [plain.pid, ...JSON.parse(line)], directory }));
    if (process.argv[2] === 'throw') throw new Error('uncaught, as the test asked');
    if (process.argv[2] === 'exit after its reaper was killed') process.kill(reaper().pid, 'SIGKILL');
    if (process.argv[2]?.startsWith('exit')) process.exit();
  },
});

const reaper = () => childrenOf(process.pid).find(({ args }) => args.endsWith('reaper.mjs'))!;
