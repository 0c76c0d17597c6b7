import type { Client } from '@temporalio/client';
import { replayGate } from '../replay-gate/replay-gate.js';
import type { Activities } from './contract.js';

export async function findRefusedRuns(client: Client, taskQueue: string): ReturnType<Activities['findRefusedRuns']> {
  const findings = await replayGate(client, taskQueue);
  const refused = findings.flatMap(({ workflowId, problem }) =>
    problem === undefined ? [] : [{ workflowId, problem }],
  );
  return { checked: findings.length, refused };
}
