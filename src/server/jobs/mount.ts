import { errorText } from '../../error-text.js';
import type { MakeMount } from '../mount.js';
import type { Run } from './clusters.js';
import { FleetClusters } from './fleet-clusters.js';
import { jobApi } from './handler.js';
import { PageTokens } from './page-token.js';

/** A picture that is older is asked for again. */
const FRESH_MS = 10_000;

/** The job API of `backfill serve`. */
export const jobsMount: MakeMount = (context) => {
  const { watch, clusters, environment, token, signal, say } = context;
  const progress = ({ cluster, workflowId }: Run) => {
    const picture = watch.picture(cluster);
    const fresh = picture?.asOf !== undefined && Date.now() - picture.asOf < FRESH_MS && !picture.unreachable;
    return fresh && picture.workflowId === workflowId ? picture.progress : undefined;
  };
  const sessions = {
    clusters,
    session: (cluster: string) => watch.session(cluster),
    progress,
    refresh: (cluster: string) => watch.refresh(cluster),
  };
  const api = jobApi({
    clusters: new FleetClusters(sessions, environment, signal),
    tokens: new PageTokens(token),
    readOnly: context.readOnly,
    by: context.by,
    alias: context.jobPackage,
    signal,
    onInternal: (error) => say(`job API: ${errorText(error)}`),
  });
  return api.prefixes.map((prefix) => ({ prefix, reads: true, handle: api.handle }));
};
