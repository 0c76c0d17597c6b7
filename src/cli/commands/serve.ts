import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { operatorName } from '../../fleet/operator-name.js';
import { EXIT } from '../../operations/exit-codes.js';
import { badUsage, CommandProblem } from '../../operations/problem.js';
import { isLoopback } from '../../server/access/hosts.js';
import { LEAST_TOKEN_LENGTH, SecretToken } from '../../server/access/secret-token.js';
import { type AddCommand, withExamples } from './add-command.js';
import type { CommandContext } from './context.js';
import { watchedCluster } from './watch.js';
import { wholeNumber } from './whole-number.js';

interface ServeOptions {
  host: string;
  port: number;
  readOnly?: boolean;
  allowHost: string[];
  tokenFile?: string;
  userHeader?: string;
  jobPackage?: string;
}

export const addServe: AddCommand = (program, action) => {
  const command = program
    .command('serve')
    .summary('serve pages, metrics and the job API')
    .description('Serve pages for the whole fleet, on one port, until Ctrl-C. It keeps no database.')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <n>', 'the port; 0 for any free one', wholeNumber(0, 65_535), 8080)
    .option('--read-only', 'refuse every change')
    .option('--allow-host <name>', 'a name under which browsers reach this server; may be repeated', collected, [])
    .option('--token-file <file>', 'the token, instead of a new one at each start')
    .option(
      '--user-header <name>',
      'the header in which a proxy names the person; it needs --allow-host and --token-file',
    )
    .option(
      '--job-package <name>',
      'another protobuf package under whose name the job API answers as well: acme.jobs.v1',
      packageName,
    );
  withExamples(
    command,
    'backfill serve',
    'backfill serve --read-only --port 9090',
    'backfill serve --host 0.0.0.0 --allow-host backfill.example.com --token-file /run/secrets/token',
  ).action(
    action<[], ServeOptions>(async (context, _, options) => {
      const token = await tokenFor(options);
      const { clusters } = await context.fleet();
      const { host, port, readOnly = false, allowHost, userHeader, jobPackage } = options;
      // No other command should wait for what only a server needs.
      const { serveFleet } = await import('../../server/serve-fleet.js');
      const serving = await serveFleet({
        clusters,
        watched: clusters.map((cluster) => watchedCluster(cluster, {}, context)),
        environment: context.environment,
        access: { token: token ?? SecretToken.random(), allowedHosts: allowHost, readOnly, userHeader },
        by: operatorName(context.environment),
        jobPackage,
        say: (line) => context.say(line),
        host,
        port,
      }).catch((error: NodeJS.ErrnoException) => {
        throw new CommandProblem(EXIT.error, `${host} port ${port}: ${listenProblem(error)}`, { cause: error });
      });
      announce(context, serving.address(token === undefined));
      if (!context.signal.aborted) await once(context.signal, 'abort');
      await serving.close();
      return EXIT.done;
    }),
  );
};

function packageName(name: string): string {
  if (/^[a-z_]\w*(\.[a-z_]\w*)*$/i.test(name)) return name;
  throw new InvalidArgumentError('Expected a protobuf package such as acme.jobs.v1.');
}

const collected = (name: string, earlier: string[]): string[] => [...earlier, name];

/** @throws CommandProblem (exit code 2) where the options would leave the server open to others */
async function tokenFor({ host, allowHost, tokenFile, userHeader }: ServeOptions): Promise<string | undefined> {
  const needed = [
    ...(tokenFile === undefined ? ['--token-file'] : []),
    ...(allowHost.length === 0 ? ['--allow-host'] : []),
  ];
  if (!isLoopback(host) && needed.length > 0) {
    throw badUsage(`--host ${host} can be reached from other machines: also give ${needed.join(' and ')}`);
  }
  if (userHeader !== undefined && needed.length > 0) {
    throw badUsage(`--user-header trusts a proxy: also give ${needed.join(' and ')}, and the token to the proxy only`);
  }
  if (tokenFile === undefined) return undefined;
  const token = await readFile(tokenFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw badUsage(`--token-file ${tokenFile} can't be read (${error.code})`);
  });
  if (token.trim().length >= LEAST_TOKEN_LENGTH && !/\s/.test(token.trim())) return token.trim();
  throw badUsage(`--token-file ${tokenFile}: expected one word of at least ${LEAST_TOKEN_LENGTH} characters`);
}

function announce(context: CommandContext, address: string): void {
  if (context.options.output === 'json') context.printJson({ command: context.command, address });
  else context.print([[address]]);
  context.say('Serving until Ctrl-C.');
}

function listenProblem({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'in use by another program; choose another with --port';
  if (code === 'EACCES') return 'not allowed; choose a port above 1023 with --port';
  return code === 'EADDRNOTAVAIL' ? 'this machine has no such address' : message;
}
