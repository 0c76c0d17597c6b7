import { defineConfig } from 'vitest/config';

/** Tests that share one Temporal dev server and the built workflow bundle; all others set up what they need. */
const onServer = [
  ...['test/workflows/**/*.test.ts', 'test/cli-stories/**/*.test.ts', 'test/replay/**/*.test.ts'],
  ...['test/fuzz/server.test.ts', 'test/server/pages.test.ts', 'test/server/browser.test.ts'],
];

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 300_000,
    fileParallelism: true,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: onServer } },
      { extends: true, test: { name: 'server', include: onServer, globalSetup: 'test/support/global-setup.ts' } },
    ],
  },
});
