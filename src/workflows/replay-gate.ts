import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/contract.js';

const { findRefusedRuns } = proxyActivities<Activities>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { maximumAttempts: 3 },
});

/**
 * The gate of a release: executed by the candidate build, it fails with type `ReplayGateRefused` if that build cannot continue
 * a run that is open now. temporal-worker-controller starts it as `rollout.gate.workflowType`.
 */
export async function replayGate(): Promise<string> {
  const { checked, refused } = await findRefusedRuns();
  if (refused.length === 0) return `this build can continue all ${checked} open runs`;
  const sentences = refused.map(({ workflowId, problem }) => `${workflowId}: ${problem}`);
  throw ApplicationFailure.nonRetryable(
    `this build cannot continue ${refused.length} of ${checked} open runs:\n${sentences.join('\n')}`.slice(0, 10_000),
    'ReplayGateRefused',
  );
}
