import type { ClusterPicture } from '../../watch/picture.js';
import type { Answers } from '../answers.js';
import type { Served } from '../mount.js';

/** What every page is made of. */
export interface Site extends Served {
  readonly answers: Answers;
  /** Whole runs, which are large. */
  readonly reports: Answers;
}

/** No such page: its message says what there is instead. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

/** The run that an address names; none for the one that the page of its cluster shows. */
export interface RunNamed {
  readonly run?: string | undefined;
  /** One of several executions with the same workflow id. */
  readonly execution?: string | undefined;
}

/** How an address names a run: not at all where it is the one that the page of its cluster shows. */
export const namedRun = ({ watch }: Site, cluster: string, workflowId: string | undefined): RunNamed =>
  workflowId === watch.picture(cluster)?.workflowId ? {} : { run: workflowId };

export const clusterPath = (cluster: string): string => `/clusters/${encodeURIComponent(cluster)}`;
export const runPath = (cluster: string, { run, execution }: RunNamed): string =>
  clusterPath(cluster) + queryText({ run, execution });
export const customerPath = (cluster: string, customer: string, { run, execution }: RunNamed = {}): string =>
  `${clusterPath(cluster)}/customers/${encodeURIComponent(customer)}${queryText({ run, execution })}`;
export const dayPath = (cluster: string, customer: string, day: string, { run, execution }: RunNamed = {}): string =>
  `${customerPath(cluster, customer)}/days/${day}${queryText({ run, execution })}`;

/** As it stands in an address; empty without a value. */
export function queryText(query: object): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(given).toString();
  return text === '' ? '' : `?${text}`;
}

/** @param run of the cluster, instead of the one that its page shows */
export function pictureOf({ watch }: Site, cluster: string, run?: string): ClusterPicture {
  const picture = watch.picture(cluster, run);
  if (picture) return picture;
  throw new NotFound(
    `The fleet has no cluster ${cluster}; it has ${watch.pictures.map((one) => one.cluster).join(', ')}.`,
  );
}
