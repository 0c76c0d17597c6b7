import { describe, expect, it } from 'vitest';
import { documentOf } from '../../../src/presentation/report/document.js';
import { markdown } from '../../../src/presentation/report/markdown.js';
import { proofOf } from '../../../src/presentation/report/proof.js';
import { clusterReport, fleet, proofOfResult, sample } from './sample.js';

describe('Markdown', () => {
  it('shows the progress of each run, what failed and what is left', () => {
    const text = markdown(
      sample({ customers: { cvs: 'ddf.', oportun: 'dddd' } }, { cluster: 'chat-prod', customers: { a: 'd' } }),
    );
    expect(text).toContain('| us-east-1-prod | running | 75% | 6/8 | 1 | 0 | 7 | 2m |');
    expect(text).toMatch(/\| \*\*total\*\* \| {2}\| 77% \| 7\/9 /);
    expect(text).toContain('| permanent | 1 | 1 | reindexconversations-cvs-2026-01-03: out of memory |');
    expect(text).toContain('| cvs | 2026-01-03 | permanent | 1 | out of memory |');
    expect(text).toContain('| cvs | 2026-01-01 | `ddf.` |');
    expect(text).not.toContain('| oportun |');
  });

  it('is short enough for a channel, whatever the fleet, and counts what it leaves out', () => {
    const customers = Object.fromEntries(Object.keys(fleet()).map((id) => [id, 'f'.repeat(31)]));
    const text = markdown(sample({ customers }));
    expect(text.split('\n').length).toBeLessThan(90);
    expect(text).toContain('… and 230 more.');
  });

  it('lets no text become markup, a mention, or another cell', () => {
    const hostile = '| a | [x](http://evil) <b>@here</b>\n# title `code`';
    const text = markdown(sample({ customers: { '<img>': 'f' }, text: hostile }));
    expect(text).not.toContain('@here');
    expect(text).not.toMatch(/^# title/m);
    expect(text).not.toContain('[x](');
    expect(text).not.toContain('<b>');
    const rows = text.split('\n').filter((line) => line.includes('evil') && line.includes('fix what'));
    expect(rows).toHaveLength(1);
    expect(rows[0]!.match(/(?<!\\)\|/g)).toHaveLength(7);
  });

  it('lists what was not verified, where a run verifies', () => {
    const proof = proofOf({ proof: proofOfResult })!;
    const text = markdown(documentOf([{ ...clusterReport({ customers: { cvs: 'dd' } }), proof }], 0));
    expect(text).toContain('1 of 3 rows verified; 7 done days have no rows. SHA-256 of the rows: `ab12`');
    expect(text).toContain('| cvs | 2026-01-02 | 1,200 | 1,100 | `reindexconversations-cvs-2026-01-02` | 2 |');
    expect(text).toContain('| cvs | 2026-01-03 |  |  |  | 0 |');
  });

  it('has one line, and no table, for a run that verified nothing', () => {
    const proof = proofOf({ proof: { ...proofOfResult, rows: proofOfResult.rows.slice(2) } })!;
    const text = markdown(documentOf([{ ...clusterReport({ customers: { cvs: 'dd' } }), proof }], 0));
    expect(text).toContain('1 row, not checked in the database: verify was off');
    expect(text).not.toContain('Not verified');
  });
});
