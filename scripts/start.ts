/**
 * `npm start`: the January 2026 backfill from end to end, on real servers, with throw-away data.
 *
 * However it ends, it ends its parts first: workers, then servers. What it could not end, their reaper does.
 */

import { watchedCluster } from '../src/cli/commands/watch.js';
import { wantsColour } from '../src/cli/terminal/output.js';
import { createProgressDisplay, type ProgressDisplay } from '../src/cli/watch/progress-display.js';
import { errorText } from '../src/error-text.js';
import type { Cluster } from '../src/fleet/index.js';
import { operatorName } from '../src/fleet/operator-name.js';
import { counted } from '../src/presentation/lines/format.js';
import { type Line, render } from '../src/presentation/lines/line.js';
import { completeness } from '../src/reference-ingestion/completeness.js';
import { withClient } from '../src/reference-ingestion/database.js';
import { fleetRange } from '../src/reference-ingestion/fleet.js';
import { SecretToken } from '../src/server/access/secret-token.js';
import { type Serving, serveFleet } from '../src/server/serve-fleet.js';
import { aborted, Interrupted, listenForInterruption } from './dev/start/interruption.js';
import { formatScale, parseOptions, type StartOptions } from './dev/start/options.js';
import { proofTable, runsTable, storedTable, verdict } from './dev/start/report-view.js';
import { requestFor, workflowIdOf } from './dev/start/request.js';
import { Runs } from './dev/start/runs.js';
import { Stack } from './dev/start/stack.js';
import { story } from './dev/start/story-view.js';

const { stdout, stderr } = process;

/** One start of the command, from its options to its exit code. */
class Start {
  private readonly signal = listenForInterruption(() => this.say('Stopping at once.'));
  private readonly stack = new Stack((line) => this.say(line));
  private display: ProgressDisplay | undefined;
  private runs: Runs | undefined;
  /** Set once the report has been shown; from then on Ctrl-C only ends `--keep-open`. */
  private result: number | undefined;
  private stopping = false;
  private serving: Serving | undefined;

  constructor(private readonly options: StartOptions) {}

  async run(): Promise<number> {
    let exitCode: number;
    try {
      exitCode = await Promise.race([this.backfill(), this.stack.died, aborted(this.signal)]);
    } catch (error) {
      this.display?.close();
      exitCode = this.explain(error);
    }
    this.stopping = true;
    await this.serving?.close();
    // On a server that stays, runs without workers would wait indefinitely, and be in the way of the next start.
    if (this.stack.client && this.stack.reusesTemporal) await this.runs?.cancel().catch(() => {});
    await this.stack.stop();
    if (this.signal.aborted) stdout.write('Stopped; nothing is left running.\n');
    return exitCode;
  }

  private async backfill(): Promise<number> {
    const { stack, signal, options } = this;
    await stack.start(options, signal);
    signal.throwIfAborted();
    const runs = new Runs(stack.client, stack.temporal.address);
    this.runs = runs;
    for (const cluster of options.clusters) {
      await runs.start(cluster, workflowIdOf(cluster), requestFor(cluster, options));
    }
    this.say(
      `${counted(options.clusters.length, 'run')} started, each with at most ${counted(options.parallelism, 'window')} in flight\n`,
    );
    if (options.serve) this.say(await this.serve());
    const display = createProgressDisplay(stdout);
    this.display = display;
    const reports = await runs.follow((views) => this.stopping || display.update(views), signal);
    display.close({ erase: true });
    const [stored, happened] = [await this.stored(), story(await runs.ended())];
    const { ok, lines } = verdict(reports, stored);
    this.print([
      [
        `January 2026 (${fleetRange.start} to ${fleetRange.end}, end exclusive) at ${formatScale(options.scale)} of its volume`,
      ],
      [],
      ...runsTable(reports),
      [],
      ...proofTable(reports),
      [],
      ...storedTable(stored),
      ...(happened.length > 0 ? [[], ...happened] : []),
      [],
      ...lines,
    ]);
    this.result = ok ? 0 : 1;
    if (options.keepOpen || options.serve) await this.stayOpen();
    return this.result;
  }

  /** Serves pages over the runs of this start. @returns a line with their address */
  private async serve(): Promise<string> {
    const { address, namespace, uiUrl } = this.stack.temporal;
    const clusters = this.options.clusters.map(
      (name): Cluster => ({
        name,
        namespace,
        taskQueue: 'backfill-scorecards',
        connection: { address },
        defaults: {},
        ...(uiUrl !== undefined && { ui: uiUrl }),
      }),
    );
    const environment = process.env;
    this.serving = await serveFleet({
      clusters,
      watched: clusters.map((cluster) => watchedCluster(cluster, {}, { environment })),
      environment,
      access: { token: SecretToken.random(), allowedHosts: [], readOnly: false, userHeader: undefined },
      by: operatorName(environment),
      host: '127.0.0.1',
      port: 0,
    });
    return `\nPages: ${this.serving.address(true)}\n`;
  }

  /** What the database says, asked with the role that only reads. */
  private async stored() {
    const { clusters } = this.options;
    const { customers } = await withClient(this.stack.prepared.readerUrl, (client) => completeness(client, fleetRange));
    return clusters.flatMap((name) => customers.filter(({ cluster }) => cluster === name));
  }

  private stayOpen(): Promise<never> {
    const { temporal, prepared, postgres } = this.stack;
    const { namespace, address, uiUrl } = temporal;
    this.say(
      [
        '\nEverything stays up until Ctrl-C. Look around:',
        ...(uiUrl ? [`  ${uiUrl}/namespaces/${namespace}/workflows`] : []),
        // A server that somebody else runs is theirs to open.
        ...(postgres.pid === undefined ? [] : [`  ${prepared.readerUrl}`]),
        `  npm run temporal-cli -- workflow query --address ${address} \\`,
        `    --namespace ${namespace} --type progress \\`,
        `    --workflow-id ${workflowIdOf(this.options.clusters[0]!)}`,
      ].join('\n'),
    );
    // Until a signal, or the end of a part, ends the race that this is in.
    return new Promise(() => {});
  }

  /** Says why the backfill did not come to its end, and gives the exit code. */
  private explain(error: unknown): number {
    if (error instanceof Interrupted) {
      this.say(
        `\nStopping the workers and servers (${error.signal})${this.result === undefined ? '; the backfill is not complete' : ''}.`,
      );
      return this.result ?? error.exitCode;
    }
    this.stopping = true;
    stderr.write(`${this.display ? '\n' : ''}${errorText(error)}\n`);
    return 1;
  }

  private say(line: string): void {
    // What still starts while the rest stops has nothing more to say.
    if (!this.stopping) stdout.write(`${line}\n`);
  }

  private print(lines: readonly Line[]): void {
    const colour = wantsColour(stdout, process.env);
    for (const line of lines) stdout.write(`${render(line, { colour })}\n`);
  }
}

// The reader of a pipe may go early (`npm start | head`); then there is nobody left to show anything to.
stdout.on('error', () => process.exit(1));

const options = parseOptions(process.argv.slice(2), {
  out: (text) => stdout.write(text),
  error: (text) => stderr.write(text),
});
process.exit('exitCode' in options ? options.exitCode : await new Start(options).run());
