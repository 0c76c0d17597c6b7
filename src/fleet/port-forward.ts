import { setTimeout as sleep } from 'node:timers/promises';
import { type ManagedProcess, spawnManaged } from '../processes/managed-process.js';
import type { PortForwardTarget } from './cluster.js';
import { freePort } from './free-port.js';
import {
  cannotStart,
  explainEnd,
  explainSilence,
  isPortTaken,
  KubectlError,
  kubectlProgram,
  lastWords,
  portForwardArguments,
} from './kubectl.js';

export interface PortForwardOptions {
  environment: NodeJS.ProcessEnv;
  /** Told of a drop, and of what came of it. */
  say?: ((line: string) => void) | undefined;
  /** Gives up starting when aborted. */
  signal?: AbortSignal | undefined;
}

/** One kubectl, from its start to its end. */
interface Running {
  kubectl: ManagedProcess;
  errors: string[];
}

const READY_MS = 30_000;
const GRACE_MS = 2_000;
const PORT_ATTEMPTS = 5;
const ERROR_LINES = 20;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/**
 * A `kubectl port-forward` that is started again whenever it ends, on the same local port, so that whoever was connected
 * only has to connect again.
 *
 * The first start has to succeed. Later ones are tried until {@link close}, after longer and longer pauses: a forward
 * that ends soon after each start is not started again and again at full speed.
 */
export class PortForward {
  private running: Running | undefined;
  private readonly closing = new AbortController();
  private kept: Promise<void> = Promise.resolve();
  private listening = false;
  private endedFor: string | undefined;
  private lastSaid = '';

  private constructor(
    private readonly target: PortForwardTarget,
    private readonly options: PortForwardOptions,
    /** On 127.0.0.1. */
    readonly port: number,
  ) {}

  /** @throws KubectlError in words for a person, or the signal's reason */
  static async open(target: PortForwardTarget, options: PortForwardOptions): Promise<PortForward> {
    for (let attempt = 1; ; attempt++) {
      const forward = new PortForward(target, options, await freePort());
      options.signal?.throwIfAborted();
      const abort = () => void forward.close();
      options.signal?.addEventListener('abort', abort);
      try {
        const running = await forward.start();
        forward.kept = forward.keep(running);
        return forward;
      } catch (error) {
        options.signal?.throwIfAborted();
        // Somebody took the port in the moment since it was free.
        if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
      } finally {
        options.signal?.removeEventListener('abort', abort);
      }
    }
  }

  /** Whether kubectl listens now; where that leads is another question. */
  get up(): boolean {
    return this.listening;
  }

  /** What kubectl said last on its error output. */
  get lastWords(): string {
    return lastWords(this.running?.errors ?? []);
  }

  /** Ends a kubectl that lives but leads nowhere; another one is started. */
  async restart(reason: string): Promise<void> {
    this.endedFor = reason;
    if (this.running) await this.running.kubectl.stop(GRACE_MS);
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    this.closing.abort();
    if (this.running) await this.running.kubectl.stop(GRACE_MS);
    await this.kept;
  }

  private async keep(first: Running): Promise<void> {
    const { signal } = this.closing;
    let pause = FIRST_PAUSE_MS;
    for (let running: Running | undefined = first; !signal.aborted; ) {
      if (running) {
        const upSince = Date.now();
        await running.kubectl.exited;
        if (signal.aborted) return;
        this.say(`the port-forward ${this.endedFor ?? `ended (${lastWords(running.errors)})`}; starting it again`);
        this.endedFor = undefined;
        if (Date.now() - upSince > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS;
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      running = await this.start().catch((error: Error) => {
        if (!signal.aborted) this.say(error.message);
        return undefined;
      });
      if (running) this.say('the port-forward is up again');
    }
  }

  /** Resolves once kubectl listens. */
  private async start(): Promise<Running> {
    const { target, port } = this;
    const { environment } = this.options;
    const errors: string[] = [];
    let isUp = () => {};
    const up = new Promise<void>((resolve) => {
      isUp = resolve;
    });
    const kubectl = await spawnManaged('kubectl', kubectlProgram(environment), portForwardArguments(target, port), {
      env: environment,
      onLine(line, stream) {
        if (stream === 'stdout' && line.startsWith('Forwarding from')) isUp();
        if (stream === 'stderr') errors.push(line);
        if (errors.length > ERROR_LINES) errors.shift();
      },
    }).catch((error: Error) => {
      throw cannotStart(error.cause as NodeJS.ErrnoException, environment);
    });
    this.running = { kubectl, errors };
    const ended = kubectl.exited.then(() => {
      this.listening = false;
      throw isPortTaken(errors) ? new PortTaken(port) : explainEnd(target, errors);
    });
    const settled = new AbortController();
    const late = sleep(READY_MS, undefined, settled).then(() => {
      throw explainSilence(target, errors);
    });
    try {
      await Promise.race([up, ended, late]);
      this.listening = true;
      return this.running;
    } catch (error) {
      await kubectl.stop(GRACE_MS);
      throw error;
    } finally {
      settled.abort();
    }
  }

  private say(line: string): void {
    if (line !== this.lastSaid) this.options.say?.(line);
    this.lastSaid = line;
  }
}

class PortTaken extends KubectlError {
  constructor(port: number) {
    super(`kubectl port-forward found port ${port} of 127.0.0.1 taken by another program; end that program`);
  }
}
