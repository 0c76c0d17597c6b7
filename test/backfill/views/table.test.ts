import { describe, expect, it } from 'vitest';
import { progressTable } from '../../../src/backfill/views/table.js';
import { DAY } from '../../support/core.js';
import { eventful } from '../../support/eventful.js';
import { backfill, command, completes, given, passes, type Story, starts } from '../../support/story.js';

describe('the table', () => {
  const table = ({ state, now }: Story) => progressTable(state, now);

  it('can be read without any other page', () => {
    expect(table(eventful)).toMatchInlineSnapshot(`
      "**running**: 2 windows in flight

      16% · 1 of 12 days done, 2 running, 1 failed, 1 held, 1 skipped · 2 of at most 3 windows in flight · done by 2026-02-01 09:01:32 UTC

      | customer | days |
      | --- | --- |
      | cvs | \`dr..\` |
      | oportun | \`f...\` |
      | marriott | \`hrs.\` |

      \`.\` waiting \`r\` running \`v\` verifying \`d\` done \`p\` partly done \`f\` failed \`s\` skipped \`h\` held

      Needs attention:

      | customer | days | class | message | next step |
      | --- | --- | --- | --- | --- |
      | oportun | 2026-01-01 | permanent | the permanent failure | fix what the message names, then retryFailed; or skipDay |
      | marriott | 2026-01-01 | stopped | the stopped failure | ask who stopped it and why; then resume, or skipDay |"
    `);
  });

  it('lets no text of others break out of its cell', () => {
    given(backfill({ customers: ['cvs'] }))
      .when(command('pause', { reason: 'a | b\n# c' }))
      .then((story) => expect(table(story).split('\n')[0]).toMatch(/^\*\*paused\*\*: .*a {3}b # c$/));
  });

  it('leaves out who is done, and counts who has no row', () => {
    const customers = Array.from({ length: 60 }, (_, i) => `customer-${i}`);
    const { story } = given(backfill({ customers, end: '2026-01-02' }), starts(), completes('customer-0-2026-01-01'));
    expect(table(story)).not.toContain('customer-0 ');
    expect(table(story)).toMatch(/\| and 19 more \|/);
  });

  it('says how many windows at once a customer has, and why, once more than one were tried', () => {
    const days = ['cvs-2026-01-01', 'cvs-2026-01-02'].flatMap((day) => [starts(1), completes(day)]);
    given(backfill({ customers: ['cvs'], end: '2026-01-11', parallelism: { max: 2, perCustomer: 'auto' } }), ...days)
      .when(starts())
      .then((trial, before) => {
        expect(table(before)).not.toContain('at once');
        expect(table(trial)).toContain('Windows at once: cvs 2 (on trial: 2 windows went well with 1)');
      });
  });

  it('writes a long range in runs of letters', () => {
    const { story } = given(
      backfill({ customers: ['cvs'], end: '2027-01-01' }),
      starts(),
      completes('cvs-2026-01-01'),
      starts(),
    );
    expect(table(story)).toContain('`d×1 r×1 .×363`');
  });

  it('of a finished run is short', () => {
    const { story } = given(
      backfill({ customers: ['cvs'], end: '2026-01-02' }),
      starts(),
      completes('cvs-2026-01-01'),
      passes(DAY),
    );
    expect(table(story)).toMatch(/100% · 1 of 1 days done/);
    expect(table(story).split('\n')).toHaveLength(3);
  });
});
