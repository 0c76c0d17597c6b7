import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../src/cli/commands/context.js';
import { requestFor } from '../../../src/cli/commands/request-input.js';
import type { Cluster } from '../../../src/fleet/index.js';

const cluster: Cluster = {
  ...{ name: 'us-west', namespace: 'ingestion', taskQueue: 'backfill-scorecards', defaults: {} },
  connection: { address: '127.0.0.1:7233' },
  directory: { kind: 'inline', customers: [{ id: 'cvs' }, { id: 'oportun' }] },
};
const context = { environment: {} } as CommandContext;

const doubtsAbout = async (customers: string) =>
  (await requestFor(context, cluster, { month: '2026-01', customers }, {})).doubts;

describe('customers that the directory does not have', () => {
  it('are named, with the nearest that it has', async () => {
    expect(await doubtsAbout('csv,oportun')).toEqual(["us-west's directory has no csv; did you mean cvs?"]);
  });

  it('are named up to five, and the rest counted', async () => {
    const doubts = await doubtsAbout(Array.from({ length: 260 }, (_, i) => `customer-${i}`).join());
    expect(doubts).toHaveLength(6);
    expect(doubts.at(-1)).toBe("us-west's directory has none of 255 more customers either");
  });
});

it('a directory that names nobody is named as the reason why nothing can start, with the range that it was asked for', async () => {
  const empty: Cluster = { ...cluster, directory: { kind: 'inline', customers: [] } };
  await expect(requestFor(context, empty, { month: '2026-01' }, {})).rejects.toThrow(
    'its customer directory names nobody for 2026-01-01 to 2026-02-01; check these days, and directory in the fleet file',
  );
});
