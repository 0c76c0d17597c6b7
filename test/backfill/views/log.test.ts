import { describe, expect, it } from 'vitest';
import { logView } from '../../../src/backfill/views/log.js';
import { eventful } from '../../support/eventful.js';

describe('the log', () => {
  it('reads from the oldest entry to the latest, with times that people write', () => {
    const log = logView(eventful.state);
    expect(log.at(-1)).toMatchObject({
      at: '2026-02-01T09:00:07.000Z',
      what: 'skipDay',
      by: 'ana',
      effect: 'marriott 2026-01-03: was waiting, is skipped',
    });
    expect(log.map(({ at }) => at)).toEqual(log.map(({ at }) => at).sort());
  });
});
