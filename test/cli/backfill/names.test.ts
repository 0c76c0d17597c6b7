import { describe, expect, it } from 'vitest';
import { worstExitCode } from '../../../src/operations/exit-codes.js';
import { clusterNamed, rangeName, rangeNamed, runId } from '../../../src/runs/run-names.js';

describe('the name of a range', () => {
  it.each([
    ['2026-01-01', '2026-02-01', '2026-01'],
    ['2026-12-01', '2027-01-01', '2026-12'],
    ['2024-02-01', '2024-03-01', '2024-02'],
    ['2026-01-01', '2026-03-01', '2026-01-01--2026-03-01'],
    ['2026-01-05', '2026-01-20', '2026-01-05--2026-01-20'],
    ['2026-01-02', '2026-02-02', '2026-01-02--2026-02-02'],
  ])('%s to %s is %s, and means just that', (start, end, name) => {
    expect(rangeName(start, end)).toBe(name);
    expect(rangeNamed(name)).toEqual({ start, end });
    expect(runId('us-west-2-prod', start, end)).toBe(`backfillscorecards-us-west-2-prod-${name}`);
  });

  it.each(['2026-13', '2026', 'january', '2026-01-05', '2026-02-30--2026-03-02', '2026-01-05--', ''])(
    '%j means no range',
    (name) => expect(rangeNamed(name)).toBeUndefined(),
  );
});

describe('the cluster in the workflow id of a run', () => {
  it.each([
    ['us-east-1-2026-01', 'us-east-1'],
    ['us-east-1-prod-2026-01', 'us-east-1-prod'],
    ['us-east-1-2026-01-05--2026-01-20', 'us-east-1'],
    ['us-east-1-prod-2026-01-05--2026-01-20', 'us-east-1-prod'],
    ['us-east-1-nightly-2026-01-05T02:00:00Z', 'us-east-1'],
    ['us-east-1-nightly-2026-01', 'us-east-1-nightly'],
    ['v-2026-01-2026-02', 'v-2026-01'],
    ['us-east-1-again', undefined],
    ['us-east-1-2026-01-again', undefined],
    ['us-east-1-2026-01-05', undefined],
    ['2026-01', undefined],
  ])('of backfillscorecards-%s is %s', (rest, cluster) => {
    expect(clusterNamed(`backfillscorecards-${rest}`)).toBe(cluster);
  });
});

describe('the exit code of several clusters', () => {
  it('is the most urgent of them', () => {
    expect(worstExitCode([])).toBe(0);
    expect(worstExitCode([0, 7])).toBe(7);
    expect(worstExitCode([0, 3, 7])).toBe(3);
    expect(worstExitCode([3, 4, 0])).toBe(4);
    expect(worstExitCode([4, 6, 3])).toBe(6);
    expect(worstExitCode([6, 5])).toBe(5);
    expect(worstExitCode([5, 2])).toBe(2);
  });
});
