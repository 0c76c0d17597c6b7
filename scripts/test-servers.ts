/**
 * The tests that meet a Temporal server, on each version that users have.
 *
 *     npm run test:servers             # all versions
 *     npm run test:servers -- 1.32.0   # these only
 */
import { obtainPinnedServer, pinnedServers } from './dev/pinned-servers.js';
import { runTests, showCounts, type TestCounts, versionsAsked } from './dev/run-tests.js';

const TESTS = ['--project', 'server', 'test/workflows', 'test/cli-stories', 'test/replay'];

const counts = new Map<string, TestCounts>();
for (const version of versionsAsked(await pinnedServers())) {
  const env = { TEMPORAL_CLI_PATH: await obtainPinnedServer(version) };
  counts.set(`Temporal ${version}`, await runTests(TESTS, { env }));
}
showCounts(counts);
