import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { documentOf } from '../../../src/presentation/report/document.js';
import { htmlPage } from '../../../src/presentation/report/html/page.js';
import { proofOf } from '../../../src/presentation/report/proof.js';
import { clusterReport, fleet, proofOfResult, sample } from './sample.js';

const HOSTILE = `</script><script>document.title="owned"</script><img src=x onerror=alert(1)>"' onload='x\u202e`;

describe('the HTML report', () => {
  const page = htmlPage(sample({ customers: fleet() }, { cluster: 'chat-prod', customers: { a: 'd'.repeat(31) } }));

  it('has a section for each cluster, with every picture and table', () => {
    for (const title of [
      'Needs attention',
      'Customers by day',
      'Windows over time',
      'Limit over time',
      'Database over time',
      'Writers over time',
      'Failures by class',
      'Log',
    ]) {
      expect(page.split(`<h3>${title}</h3>`)).toHaveLength(3);
    }
    expect(page).toContain('<h2>us-east-1-prod</h2>');
    expect(page).toContain('href="#run-backfillscorecards-chat-prod-2026-01"');
    expect(page).toContain('id="run-backfillscorecards-chat-prod-2026-01"');
  });

  it('stays small with 260 customers by 31 days, in few elements', () => {
    expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
    expect(page.match(/<path/g)!.length).toBeLessThan(200);
    expect(page.match(/<[a-z]/g)!.length).toBeLessThan(12_000);
  });

  it('draws a bar for every window', () => {
    const bars = [...page.matchAll(/<path class="run-[a-zA-Z]+" d="([^"]*)"/g)];
    const drawn = bars.reduce((sum, [, d]) => sum + d!.split('M').length - 1, 0);
    expect(drawn).toBe(sample({ customers: fleet() }).clusters[0]!.windows.length + 31);
  });

  it('draws the utilization only where the probe knew it, so that nobody reads a guess', () => {
    const [, line] = /<path class="line-load" d="([^"]*)"/.exec(page)!;
    expect(line).toMatch(/^M\S+ \S+H\S+V\S+H\S+V\S+H\S+$/);
    expect(Number(line!.split('H').at(-1))).toBeLessThan(1_192);
    expect(page).toContain('<td>high</td><td>120%</td><td>activeSessions is 19</td>');
    expect(page).toContain('<td>unknown</td><td>not known</td><td>connection refused</td>');
  });

  it('loads nothing from elsewhere', () => {
    expect(page).not.toMatch(/<(?:link|img|iframe|object|embed|base)\b/);
    expect(page).not.toMatch(/\bsrc=|@import|url\(|https?:\/\//);
    expect(page).toContain('default-src &#39;none&#39;');
  });

  it('allows no script but its own', () => {
    const [, script] = /<script>([\s\S]*?)<\/script>/.exec(page)!;
    const hash = createHash('sha256').update(script!).digest('base64');
    expect(page).toContain(`script-src &#39;sha256-${hash}&#39;`);
    expect(() => new Function(script!)).not.toThrow();
  });

  it('shows every text as text, in elements and attributes', () => {
    const hostile = htmlPage(
      sample({ cluster: HOSTILE, customers: { [HOSTILE]: `f${'d'.repeat(30)}` }, text: HOSTILE }),
    );
    expect(hostile.match(/<script/g)).toHaveLength(1);
    expect(hostile).not.toMatch(/<img|\u202e/);
    expect(hostile).toContain('&lt;/script&gt;&lt;script&gt;');
    // Nothing that was put in ends an attribute: every quote outside of tags' own is escaped.
    for (const [tag] of hostile.matchAll(/<(?:svg|text|a|section|div|td)\b[^>]*>/g)) {
      expect(tag.replace(/[a-z-:]+="[^"]*"/gi, '').trim()).toMatch(/^<\w+\s*>$/);
    }
  });

  it('says in words what its pictures show', () => {
    const pictures = page.match(/<svg[^>]*>/g)!;
    for (const picture of pictures) expect(picture).toContain('role="img"');
    expect(page.match(/<\/title>\n<desc>/g)).toHaveLength(pictures.length);
    expect(page).toContain(`<code>${'d'.repeat(12)}ff${'d'.repeat(17)}</code>`);
  });

  it('bins a range that is wider than a picture, and says so', () => {
    const report = clusterReport({ customers: { cvs: 'd'.repeat(365) } });
    const year = { ...report, range: { start: '2026-01-01', end: '2027-01-01' } };
    expect(htmlPage(documentOf([year], 0))).toContain('Each cell is 2 days and shows the worst of them.');
  });

  it('has no table of what was verified unless the run did so', () => {
    expect(page).not.toContain('Verified');
    const proof = proofOf({ proof: proofOfResult })!;
    const proven = htmlPage(documentOf([{ ...clusterReport({ customers: { cvs: 'd' } }), proof }], 0));
    expect(proven).toContain('1 of 3 rows verified');
    expect(proven).toContain('7 done days have no rows');
    expect(proven.match(/<td>✓ yes<\/td>/g)).toHaveLength(1);
    const unchecked = { ...proof, rows: proof.rows.slice(2) };
    const listed = htmlPage(documentOf([{ ...clusterReport({ customers: { cvs: 'd' } }), proof: unchecked }], 0));
    expect(listed).toContain('<summary>1 row, not checked in the database: verify was off');
  });

  it('reports a run that has not started a window', () => {
    const report = { ...clusterReport({ customers: { cvs: '...' } }), windows: [], limits: [], attention: [], log: [] };
    expect(htmlPage(documentOf([report], 0))).toContain('No window has started.');
  });
});
