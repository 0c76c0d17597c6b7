import type { ProbeAnswer, ProbeQuery } from './contract.js';

/** Placeholder of the branch: see the issue. */
export async function probeDatabase(_query: ProbeQuery, _environment: NodeJS.ProcessEnv): Promise<ProbeAnswer> {
  throw new Error('not written yet');
}
