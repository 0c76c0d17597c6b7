import type { Cluster } from '../fleet/index.js';
import type { Visitor } from './access/gate.js';
import type { FleetWatch } from './fleet-watch.js';
import type { Request, Response } from './listen.js';

/**
 * A part of the server beside its pages, which answers in its own way under a path of its own: the job API, the metrics. What
 * arrives here has passed the gate: token, `Host`, `Origin` and, without `reads`, `--read-only` are checked.
 */
export interface Mount {
  /** `/metrics`, `/backfill.jobs.v1.JobService/`: every path that begins with it. */
  readonly prefix: string;
  /** It changes nothing, or sees to `--read-only` itself: where every call is a POST, the gate does not know. */
  readonly reads?: true;
  handle(request: Request, response: Response, visitor: Visitor): void | Promise<void>;
}

/** What every part of the server works with. `watch` has the picture of every cluster that all who look share. */
export interface Served {
  readonly watch: FleetWatch;
  readonly clusters: readonly Cluster[];
  readonly environment: NodeJS.ProcessEnv;
  readonly readOnly: boolean;
  /** Whom commands are attributed to where no header names a person. */
  readonly by: string;
}

export interface MountContext extends Served {
  /** The server's secret. */
  readonly token: string;
  /** Another package under whose name the job API answers as well. */
  readonly jobPackage: string | undefined;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
  /** A line for the server's log. */
  readonly say: (line: string) => void;
}

/** To add a part: a function of this type, in the list of `serve-fleet.ts`. */
export type MakeMount = (context: MountContext) => Mount | readonly Mount[];
