import { setTimeout as sleep } from 'node:timers/promises';
import { type ManagedProcess, spawnManaged } from '../processes/managed-process.js';
import type { PortForwardTarget } from './cluster.js';
import { freePort } from './free-port.js';
import {
  cannotStart,
  explainEnd,
  explainTimeout,
  isPortTaken,
  KubectlError,
  kubectlProgram,
  lastErrorLine,
  portForwardArguments,
} from './kubectl.js';

export interface PortForwardOptions {
  environment: NodeJS.ProcessEnv;
  /** Called when the port-forward drops, and with what happens then. */
  say?: ((line: string) => void) | undefined;
  /** Aborts starting. */
  signal?: AbortSignal | undefined;
}

/** One kubectl process. */
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
 * A `kubectl port-forward` that is restarted whenever it ends, on the same local port, so that a client only has to
 * reconnect.
 *
 * The first start must succeed. Restarts are tried until {@link close}, after increasing pauses, so that a forward that
 * keeps ending is not restarted at full speed.
 */
export class PortForward {
  private running: Running | undefined;
  private readonly closing = new AbortController();
  private supervised: Promise<void> = Promise.resolve();
  private listening = false;
  private endReason: string | undefined;
  private lastMessage = '';

  private constructor(
    private readonly target: PortForwardTarget,
    private readonly options: PortForwardOptions,
    /** On 127.0.0.1. */
    readonly port: number,
  ) {}

  /** @throws KubectlError with a sentence for the operator, or the signal's reason */
  static async open(target: PortForwardTarget, options: PortForwardOptions): Promise<PortForward> {
    for (let attempt = 1; ; attempt++) {
      const forward = new PortForward(target, options, await freePort());
      options.signal?.throwIfAborted();
      const abort = () => void forward.close();
      options.signal?.addEventListener('abort', abort);
      try {
        const running = await forward.start();
        forward.supervised = forward.supervise(running);
        return forward;
      } catch (error) {
        options.signal?.throwIfAborted();
        // Another program took the port since it was found free.
        if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
      } finally {
        options.signal?.removeEventListener('abort', abort);
      }
    }
  }

  /** Whether kubectl is listening; that does not mean that its target answers. */
  get up(): boolean {
    return this.listening;
  }

  /** The last line of kubectl's error output. */
  get lastErrorLine(): string {
    return lastErrorLine(this.running?.errors ?? []);
  }

  /** Ends a kubectl that is alive but leads nowhere; a new one is started. */
  async restart(reason: string): Promise<void> {
    this.endReason = reason;
    if (this.running) await this.running.kubectl.stop(GRACE_MS);
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    this.closing.abort();
    if (this.running) await this.running.kubectl.stop(GRACE_MS);
    await this.supervised;
  }

  private async supervise(first: Running): Promise<void> {
    const { signal } = this.closing;
    let pause = FIRST_PAUSE_MS;
    for (let running: Running | undefined = first; !signal.aborted; ) {
      if (running) {
        const upSince = Date.now();
        await running.kubectl.exited;
        if (signal.aborted) return;
        this.say(`the port-forward ${this.endReason ?? `ended (${lastErrorLine(running.errors)})`}; restarting it`);
        this.endReason = undefined;
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

  /** Resolves once kubectl is listening. */
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
      throw explainTimeout(target, errors);
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
    if (line !== this.lastMessage) this.options.say?.(line);
    this.lastMessage = line;
  }
}

class PortTaken extends KubectlError {
  constructor(port: number) {
    super(`kubectl port-forward: port ${port} of 127.0.0.1 is in use by another program; stop that program`);
  }
}
