import { describe, expect, it } from 'vitest';
import { daysCsv, proofCsv, windowsCsv } from '../../../src/presentation/report/csv.js';
import { documentOf } from '../../../src/presentation/report/document.js';
import { proofOf } from '../../../src/presentation/report/proof.js';
import { clusterReport, proofOfResult, sample } from './sample.js';

describe('CSV', () => {
  it('has a row for each day of each customer', () => {
    const text = daysCsv(sample({ customers: { cvs: 'v.', oportun: 'fh' } }));
    expect(text.split('\r\n')).toEqual([
      'cluster,run,customer,day,state',
      'us-east-1-prod,backfillscorecards-us-east-1-prod-2026-01,cvs,2026-01-01,verifying',
      'us-east-1-prod,backfillscorecards-us-east-1-prod-2026-01,cvs,2026-01-02,waiting',
      'us-east-1-prod,backfillscorecards-us-east-1-prod-2026-01,oportun,2026-01-01,failed',
      'us-east-1-prod,backfillscorecards-us-east-1-prod-2026-01,oportun,2026-01-02,held',
      '',
    ]);
  });

  it('has a row for each window, of every cluster', () => {
    const text = windowsCsv(sample({ customers: { cvs: 'dr' } }, { cluster: 'chat-prod', customers: { hilton: 'f' } }));
    const rows = text.trimEnd().split('\r\n');
    expect(rows).toHaveLength(4);
    expect(rows[1]).toBe(
      'us-east-1-prod,backfillscorecards-us-east-1-prod-2026-01,cvs,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,' +
        'reindexconversations-cvs-2026-01-01,r0,completed,,,2026-02-07T09:00:00.000Z,2026-02-07T09:01:30.000Z,90',
    );
    expect(rows[3]).toContain(',failed,permanent,out of memory,');
  });

  it('has a row for each row of a proof, and none for a run without one', () => {
    const report = clusterReport({ customers: { cvs: 'ddd' } });
    const proof = proofOf({ proof: proofOfResult })!;
    const text = proofCsv(documentOf([report, { ...report, cluster: 'chat-prod', workflowId: 'w', proof }], 0));
    expect(text.split('\r\n').slice(0, 4)).toEqual([
      'cluster,run,customer,day,conversations,scorecards,window,completed_at,attempts,verified',
      'chat-prod,w,cvs,2026-01-01,1200,1200,reindexconversations-cvs-2026-01-01,2026-02-07T09:00:00Z,1,true',
      'chat-prod,w,cvs,2026-01-02,1200,1100,reindexconversations-cvs-2026-01-02,2026-02-07T09:01:00Z,2,false',
      'chat-prod,w,cvs,2026-01-03,,,,,0,false',
    ]);
    expect(proofOf({})).toBeUndefined();
  });

  it('quotes what needs it, as RFC 4180 says', () => {
    const text = windowsCsv(sample({ customers: { cvs: 'f' }, text: 'a "b", c\r\nd' }));
    expect(text).toContain(',permanent,"a ""b"", c\r\nd",');
  });

  it('has no field that a spreadsheet would run', () => {
    for (const start of ['=', '+', '-', '@', '\t', '\r']) {
      const text = windowsCsv(sample({ customers: { cvs: 'f' }, text: `${start}HYPERLINK("http://x")` }));
      expect(text).toContain(`"'${start}HYPERLINK(""http://x"")"`);
    }
    expect(daysCsv(sample({ customers: { '=cmd': 'd' } }))).toContain(",'=cmd,");
  });
});
