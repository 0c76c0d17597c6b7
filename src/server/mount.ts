import type { Visitor } from './access/gate.js';
import type { FleetWatch } from './fleet-watch.js';
import type { Request, Response } from './listen.js';

/**
 * A part of the server beside its pages, which answers in its own way under a path of its own: the job API, the metrics. What
 * arrives here has passed the gate: token, `Host`, `Origin` and `--read-only` are checked.
 */
export interface Mount {
  /** `/metrics`, `/backfill.jobs.v1.JobService/`: every path that begins with it. */
  readonly prefix: string;
  /** It changes nothing, whatever the method, so that `--read-only` does not concern it: a call of gRPC is a POST. */
  readonly reads?: true;
  handle(request: Request, response: Response, visitor: Visitor): void | Promise<void>;
}

/** What a mount works with. `watch` has the latest picture of every cluster without asking Temporal. */
export interface MountContext {
  readonly watch: FleetWatch;
}

/** To add a part: a function of this type, in the list of `mounts.ts`. */
export type MakeMount = (context: MountContext) => Mount;
