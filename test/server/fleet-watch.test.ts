import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FleetWatch } from '../../src/server/fleet-watch.js';
import { bigCluster } from './support.js';

const HOUR_MS = 3_600_000;
const INTERVAL_MS = 3_000;

describe('the pictures of a fleet', () => {
  let asked: string[];
  let watch: FleetWatch;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    asked = [];
    const counted = (name: string) => {
      const cluster = bigCluster(name, 2, 31);
      return {
        ...cluster,
        findRun: (session: Parameters<typeof cluster.findRun>[0]) => {
          asked.push(name);
          return cluster.findRun(session);
        },
      };
    };
    watch = new FleetWatch([counted('east'), counted('west')], INTERVAL_MS);
  });
  afterEach(async () => {
    await watch.close();
    vi.useRealTimers();
  });

  const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

  it('cost nothing while nobody looks, and are asked for at once by the next who does', async () => {
    await watch.look();
    later(HOUR_MS);
    expect(asked).toEqual(['east', 'west']);
    const before = watch.picture('east')!.asOf!;
    await watch.look('east');
    expect(asked).toEqual(['east', 'west', 'east']);
    expect(watch.picture('east')!.asOf! - before).toBeGreaterThanOrEqual(HOUR_MS);
  });

  it('are asked for once in an interval, however many look', async () => {
    for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 50 }, () => watch.look()));
    expect(asked).toEqual(['east', 'west']);
    later(INTERVAL_MS);
    await Promise.all(Array.from({ length: 50 }, () => watch.look()));
    await expect.poll(() => asked).toEqual(['east', 'west', 'east', 'west']);
  });
});

it('a cluster that does not answer keeps nobody waiting for the others', async () => {
  const findRun = vi.fn(() => new Promise<never>(() => {}));
  const silent = { ...bigCluster('west', 2, 31), findRun };
  const watch = new FleetWatch([bigCluster('east', 2, 31), silent]);
  await watch.look();
  expect(watch.pictures.map(({ progress }) => progress?.status)).toEqual(['running', undefined]);
  await watch.look();
  expect(findRun).toHaveBeenCalledTimes(1);
  await watch.close();
});
