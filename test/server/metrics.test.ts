import { describe, expect, it } from 'vitest';
import { progressOf } from '../../src/backfill/views/progress.js';
import { metricsOf } from '../../src/server/metrics/metrics.js';
import type { ClusterPicture } from '../../src/watch/picture.js';
import { MINUTE, START } from '../support/core.js';
import { backfill, command, completes, starts } from '../support/story.js';

const NOW = START + MINUTE;

function pictureOf(cluster: string, more: Partial<ClusterPicture> = {}, input: object = {}): ClusterPicture {
  let story = backfill({ customers: ['cvs', 'oportun'], parallelism: 3, cluster, ...input })(undefined as never);
  for (const step of [starts(), completes('cvs-2026-01-01'), command('pause')]) story = step(story);
  return {
    cluster,
    workflowId: `backfillscorecards-${cluster}`,
    progress: progressOf(story.state, NOW),
    asOf: NOW,
    ...more,
  };
}

const text = async (...pictures: ClusterPicture[]) =>
  (await metricsOf(pictures, NOW).metrics()).split('\n').filter((line) => line && line[0] !== '#');

describe('the metrics of the fleet', () => {
  it('say what a run is doing, under the names that alerts and dashboards use', async () => {
    const activity = { attempt: 1, seenAt: NOW - 4_000, limitMs: 10_000 };
    const window = { workflowId: 'w', customer: 'oportun', interval: [0, 24] as const, startedAt: START, activity };
    const lines = await text(pictureOf('eu', { windows: { list: [window as never], more: false } }));
    expect(lines).toEqual(
      expect.arrayContaining([
        'backfill_cluster_up{cluster="eu"} 1',
        'backfill_run_up{cluster="eu"} 1',
        'backfill_run_status{cluster="eu",status="pausing"} 1',
        'backfill_run_status{cluster="eu",status="running"} 0',
        'backfill_days{cluster="eu",state="done"} 1',
        'backfill_days{cluster="eu",state="waiting"} 4',
        'backfill_limit{cluster="eu"} 3',
        'backfill_windows_in_flight{cluster="eu"} 1',
        'backfill_oldest_window_seconds{cluster="eu"} 60',
        'backfill_heartbeat_gap{cluster="eu"} 0.4',
        'backfill_attention{cluster="eu",class="breaker"} 0',
      ]),
    );
  });

  it('leave out what is not known, so that a blind probe does not look like an idle database', async () => {
    const blind = pictureOf('us', {}, { probe: { maxLoad: { activeSessions: 20 } } });
    const lines = await text(pictureOf('eu'), blind);
    expect(lines.filter((line) => /utilization|eta_seconds|oldest/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('backfill_database_level') && line.endsWith(' 1'))).toEqual([
      'backfill_database_level{cluster="us",level="unknown"} 1',
    ]);
    const database = { level: 'high', reason: '', utilization: 1.2 } as const;
    const { progress, ...picture } = blind;
    const seen = await text({ ...picture, progress: { ...progress!, database } });
    expect(seen).toContain('backfill_utilization{cluster="us"} 1.2');
  });

  it('of a cluster that does not answer say only that, and never its last numbers', async () => {
    const since = { since: START, reason: 'no answer' };
    expect(await text(pictureOf('eu', { unreachable: since }))).toEqual(['backfill_cluster_up{cluster="eu"} 0']);
    expect(await text(pictureOf('eu', { unreachable: { ...since, temporalAnswers: { openRun: true } } }))).toEqual([
      'backfill_cluster_up{cluster="eu"} 1',
      'backfill_run_up{cluster="eu"} 0',
    ]);
    expect(await text({ cluster: 'not asked yet' })).toEqual([]);
  });

  it('of a run that was terminated do not say that it is running, which would page someone for no progress', async () => {
    const lines = await text(pictureOf('eu', { closed: true }));
    expect(lines.filter((line) => line.startsWith('backfill_run_status') && line.endsWith(' 1'))).toEqual([]);
    expect(lines.filter((line) => /limit|in_flight|attention/.test(line))).toEqual([]);
  });
});
