import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from './load.js';

const { work } = proxyActivities<Activities>({ startToCloseTimeout: '10 minutes' });

/** A window: one activity that takes a worker's slot for a while. */
export async function reindexconversations({ customerId }: { customerId: string }): Promise<void> {
  await work(customerId, 'window');
}

/** What comes in from the outside while a backfill runs: short, and somebody waits for it. */
export async function ingest(customer: string): Promise<void> {
  await work(customer, 'live');
}
