import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { expect, it } from 'vitest';
import { clusterOf } from '../../../src/runs/run-cluster.js';

it('A run is of the cluster of its search attribute, though its workflow id names another', async () => {
  const key = defineSearchAttributeKey('BackfillCluster', 'KEYWORD');
  const typedSearchAttributes = new TypedSearchAttributes([{ key, value: 'us-east-1' }]);
  const run = { workflowId: 'backfillscorecards-us-east-1-prod-2026-01', typedSearchAttributes };
  expect(await clusterOf({} as Client, run as WorkflowExecutionInfo)).toBe('us-east-1');
});
