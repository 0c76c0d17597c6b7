import type { Cluster } from '../../fleet/index.js';
import type { Answers } from '../answers.js';
import type { FleetWatch } from '../fleet-watch.js';

/** What every page is made of. */
export interface Site {
  readonly watch: FleetWatch;
  readonly clusters: readonly Cluster[];
  readonly environment: NodeJS.ProcessEnv;
  readonly answers: Answers;
  readonly readOnly: boolean;
  /** Whom commands are attributed to where no header names a person. */
  readonly by: string;
}

/** No such page: its message says what there is instead. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

export const clusterPath = (cluster: string): string => `/clusters/${encodeURIComponent(cluster)}`;
export const customerPath = (cluster: string, customer: string): string =>
  `${clusterPath(cluster)}/customers/${encodeURIComponent(customer)}`;
export const dayPath = (cluster: string, customer: string, day: string): string =>
  `${customerPath(cluster, customer)}/days/${day}`;
