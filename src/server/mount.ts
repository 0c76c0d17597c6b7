import type { Handler } from './listen.js';

/** A part of the server that answers in its own way under a path of its own. The gate has admitted what arrives here. */
export interface Mount {
  /** `/backfill.jobs.v1.JobService/`: every path that begins with it. */
  readonly prefix: string;
  /** It changes nothing, whatever the method: a call of gRPC is a POST. */
  readonly reads?: true;
  readonly handle: Handler;
}
