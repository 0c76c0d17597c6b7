import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/fleet/index.js';
import { requestFor } from '../../src/operations/request-input.js';

const cluster: Cluster = {
  name: 'us-west',
  namespace: 'ingestion',
  taskQueue: 'backfill-scorecards',
  defaults: {},
  connection: { address: '127.0.0.1:7233' },
  directory: { kind: 'inline', customers: [{ id: 'cvs' }, { id: 'oportun' }] },
};
const warningsAbout = async (customers: string) =>
  (await requestFor({}, cluster, { month: '2026-01', customers }, {})).warnings;

describe('customers that the directory does not have', () => {
  it('are named, with the nearest that it has', async () => {
    expect(await warningsAbout('csv,oportun')).toEqual(["us-west's directory has no csv; did you mean cvs?"]);
  });

  it('are named up to five, and the rest counted', async () => {
    const warnings = await warningsAbout(Array.from({ length: 260 }, (_, i) => `customer-${i}`).join());
    expect(warnings).toHaveLength(6);
    expect(warnings.at(-1)).toBe("us-west's directory also lacks 255 more customers");
  });
});

it('an empty directory is named as the reason why nothing can start, with the range that it was asked for', async () => {
  const empty: Cluster = { ...cluster, directory: { kind: 'inline', customers: [] } };
  await expect(requestFor({}, empty, { month: '2026-01' }, {})).rejects.toThrow(
    'its customer directory has no customers for 2026-01-01 to 2026-02-01; check these days, and directory in the fleet file',
  );
});
