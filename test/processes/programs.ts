/** Programs for `node -e`, children of the tests. */
export const FOREVER = 'setInterval(() => {}, 1_000);';

/** Does not end when it is asked to. */
export const DEAF = `process.on('SIGTERM', () => {}); ${FOREVER}`;

/** Starts `code` in a process of its own, and prints both processes' ids once that runs. */
export function withChild(code: string): string {
  return `
    const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${code} console.log('up')`)}]);
    child.stdout.once('data', () => console.log(JSON.stringify([process.pid, child.pid])));`;
}
