import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { Job_State } from '../../../src/server/jobs/gen/backfill/jobs/v1/job_pb.js';
import { JobView } from '../../../src/server/jobs/gen/backfill/jobs/v1/job_service_pb.js';
import { BadRequestSchema } from '../../../src/server/jobs/gen/google/rpc/error_details_pb.js';
import { backfill, completes, fails, given, starts } from '../../support/story.js';
import { jobOf, namesIn, problemOf, runId, useJobApi } from './support.js';

describe('ListJobs', () => {
  const api = useJobApi();

  it("answers a customer's month in one call", async () => {
    const list = await api().client().listJobs({ filter: 'customer = "cvs" AND range : "2026-01-02"' });
    expect(namesIn(list)).toEqual([jobOf('east', '2026-01-01--2026-01-03'), jobOf('west', '2026-01-01--2026-01-03')]);
    expect(list.jobs.map(({ customer }) => customer?.done)).toEqual([false, true]);
    // Jobs of other days were not asked for their reports.
    expect(api().clusters.asked.filter((question) => question.startsWith('ended'))).toEqual(['ended west']);
  });

  it('says of each of the jobs that did a month together which days it has done', async () => {
    const range = (start: string, end: string) => ({
      startTime: timestampFromDate(new Date(start)),
      endTime: timestampFromDate(new Date(end)),
    });
    const customers = ['cvs', { id: 'oportun', start: '2026-01-02', end: '2026-01-04' }];
    const failed = given(
      backfill({
        customers,
        start: '2026-01-01',
        end: '2026-01-05',
        parallelism: 2,
        retry: { unknown: { attempts: 1 } },
      }),
      ...[starts(), completes('cvs-2026-01-01'), completes('oportun-2026-01-02')],
      ...[starts(), fails('cvs-2026-01-02', 'permanent'), completes('oportun-2026-01-03')],
      ...[starts(), completes('cvs-2026-01-03'), starts(), completes('cvs-2026-01-04')],
    ).story;
    const again = given(
      backfill({ customers: ['cvs'], start: '2026-01-02', end: '2026-01-03' }),
      ...[starts(), completes('cvs-2026-01-02')],
    ).story;
    api().fleet.west = [
      { workflowId: runId('west', '2026-01-02--2026-01-03'), status: 'COMPLETED', story: again },
      { workflowId: runId('west', '2026-01-01--2026-01-05'), status: 'FAILED', story: failed },
    ];
    const parts = async (customer: string) => {
      const filter = `customer = "${customer}" AND range.start < "2026-01-05" AND range.end > "2026-01-01"`;
      const { jobs } = await api().client().listJobs({ parent: 'clusters/west', filter });
      return jobs.map((job) => job.customer);
    };
    expect(await parts('cvs')).toMatchObject([
      { done: true, doneRanges: [range('2026-01-02', '2026-01-03')] },
      { done: false, doneRanges: [range('2026-01-01', '2026-01-02'), range('2026-01-03', '2026-01-05')] },
    ]);
    const own = range('2026-01-02', '2026-01-04');
    expect(await parts('oportun')).toMatchObject([{ done: true, range: own, doneRanges: [own] }]);
    const open = await api()
      .client()
      .getJob({ name: jobOf('east', '2026-01-01--2026-01-03'), customer: 'cvs' });
    expect(open.customer?.doneRanges).toMatchObject([range('2026-01-01', '2026-01-02')]);
  });

  it('lists every job once, whatever the size of a page', async () => {
    for (const pageSize of [1, 2, 3, 50, 100_000]) {
      const names: string[] = [];
      let pageToken = '';
      do {
        const page = await api().client().listJobs({ pageSize, pageToken });
        expect(page.jobs.length).toBeLessThanOrEqual(pageSize);
        names.push(...namesIn(page));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(names).toHaveLength(12);
      expect(new Set(names).size).toBe(12);
      expect(names[0]).toBe(jobOf('east', '2026-01-01--2026-01-03'));
    }
  });

  it('goes through all pages with a filter that matches little, and when the page size changes on the way', async () => {
    const names: string[] = [];
    let pageToken = '';
    for (let pageSize = 1; ; pageSize++) {
      const page = await api().client().listJobs({
        filter: 'state = COMPLETED AND range : "2025-01-01"',
        pageSize,
        pageToken,
      });
      names.push(...namesIn(page));
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    expect(new Set(names).size).toBe(9);
    expect(names).toHaveLength(9);
  });

  it('asks closed jobs for nothing unless the caller wants them in full', async () => {
    const basic = await api().client().listJobs({ parent: 'clusters/west' });
    expect(basic.jobs[0]?.progress).toBeUndefined();
    expect(api().clusters.asked).not.toContain('ended west');
    const full = await api().client().listJobs({ parent: 'clusters/west', view: JobView.FULL });
    expect(full.jobs[0]).toMatchObject({ progress: { days: { done: 4 } }, proof: { rows: 4 } });
  });

  it('names clusters that do not answer, and lists the others', async () => {
    api().clusters.down.add('east');
    const list = await api().client().listJobs({});
    expect(list.unreachable).toEqual(['clusters/east']);
    expect(list.jobs).toHaveLength(5);
    const one = api()
      .client()
      .getJob({ name: jobOf('east', '2025-12') });
    expect(await problemOf(one)).toMatchObject({ code: Code.Unavailable, rawMessage: 'east is unreachable' });
  });

  it('asks a cluster again that goes down between two pages: it misses nothing of one that is back, and names the other', async () => {
    const page = (pageToken: string) => api().client().listJobs({ pageSize: 3, pageToken });
    const first = await page('');
    api().clusters.down.add('east');
    const second = await page(first.nextPageToken);
    expect([second.jobs, second.unreachable]).toEqual([[], []]);
    const without = await page(second.nextPageToken);
    expect([without.jobs.length, without.unreachable]).toEqual([3, ['clusters/east']]);
    api().clusters.down.clear();
    const names = namesIn(first);
    for (let pageToken = second.nextPageToken; pageToken !== ''; ) {
      const next = await page(pageToken);
      expect(next.unreachable).toEqual([]);
      names.push(...namesIn(next));
      pageToken = next.nextPageToken;
    }
    expect([names.length, new Set(names).size]).toEqual([12, 12]);
  });

  it('asks for long lists in parts, each of which fits into the time for an answer', async () => {
    const many = Array.from({ length: 1_100 }, (_, i) => ({
      ...api().fleet.west![0]!,
      workflowId: runId('west', `${1000 + i}-01`),
    }));
    api().fleet.west = many;
    const names: string[] = [];
    let pageToken = '';
    do {
      const page = await api().client().listJobs({ parent: 'clusters/west', pageSize: 500, pageToken });
      names.push(...namesIn(page));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(new Set(names).size).toBe(1_100);
    expect(names).toHaveLength(1_100);
    expect(Math.max(...api().clusters.sizes)).toBe(250);
  });

  it('lists a job whose worker does not answer as one that does not answer', async () => {
    api().fleet.east![0]!.silent = true;
    const list = await api().client().listJobs({ filter: 'state = UNRESPONSIVE' });
    expect(list.jobs).toMatchObject([
      { state: Job_State.UNRESPONSIVE, stateReason: expect.stringMatching(/does not answer/) },
    ]);
    expect((await api().client().listJobs({ filter: 'state = RUNNING' })).jobs).toEqual([]);
  });

  it('says that jobs are missing when a run that does not answer might match, and lists the others', async () => {
    api().fleet.east![0]!.silent = true;
    const { jobs, unreachable } = await api().client().listJobs({ filter: 'customer = cvs AND range : "2026-01-02"' });
    expect(jobs.map(({ name }) => name)).toEqual([jobOf('west', '2026-01-01--2026-01-03')]);
    expect(unreachable).toEqual(['clusters/east']);
  });

  it('refuses a page token that was changed, or is used with another filter or by another caller', async () => {
    let user = 'alice';
    await api().serve({ user: () => user });
    const { nextPageToken } = await api().client().listJobs({ pageSize: 2, filter: 'state = COMPLETED' });
    const good = { filter: 'state = COMPLETED', pageToken: nextPageToken };
    expect(
      (
        await api()
          .client()
          .listJobs({ ...good, pageSize: 4 })
      ).jobs,
    ).toHaveLength(4);
    const changed = Buffer.from(nextPageToken, 'base64url');
    changed[20]! ^= 1;
    const bad = [
      { ...good, pageToken: changed.toString('base64url') },
      { ...good, filter: 'state = RUNNING' },
      { ...good, parent: 'clusters/east' },
    ];
    for (const request of bad) {
      const problem = await problemOf(api().client().listJobs(request));
      expect(problem.code).toBe(Code.InvalidArgument);
      expect(problem.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe('page_token');
    }
    user = 'mallory';
    expect(await problemOf(api().client().listJobs(good))).toMatchObject({ code: Code.InvalidArgument });
  });
});
