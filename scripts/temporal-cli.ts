/** `npm run temporal-cli -- <args>`: runs the Temporal CLI that the project found; alone, says which one that is. */
import { spawn } from 'node:child_process';
import { obtainTemporalCli } from './dev/temporal-cli.js';

const args = process.argv.slice(2);
try {
  const cli = await obtainTemporalCli();
  if (args.length === 0) {
    console.log(`${cli.path}\n${cli.version}\nfound by: ${cli.source}`);
  } else {
    const child = spawn(cli.path, args, { stdio: 'inherit' });
    // A terminal sends Ctrl-C to both; the CLI decides when it is done, and this process must still be there to say how.
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.once('error', (error) => {
      console.error(error.message);
      process.exitCode = 1;
    });
    child.once('exit', (code, signal) => {
      process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
    });
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
