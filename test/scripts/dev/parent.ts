/** Run by processes.test.ts: a parent of one managed process, which prints its child's and its directory's name. */
import { spawnManaged, temporaryDirectory } from '../../../scripts/dev/processes.js';

const directory = await temporaryDirectory('parent');
const { pid } = await spawnManaged('child', process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
console.log(JSON.stringify({ pid, directory }));
if (process.argv[2] === 'throw') throw new Error('uncaught, as the test asked');
if (process.argv[2] === 'exit') process.exit(0);
