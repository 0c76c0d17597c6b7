// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are placeholders of templates.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/backfill/json.js';
import { checkTemplate, fillTemplate } from '../../../src/backfill/request/template.js';
import { hour } from '../../support/core.js';

describe('a template', () => {
  const hours = [hour('2026-01-15'), hour('2026-01-15') + 6] as const;

  it('is filled with the customer and the instants of the window, at any depth and within texts', () => {
    const template: Json = { scope: { ids: ['${customerId}'], note: '${startTime}/${endTime}' }, force: true, n: null };
    expect(checkTemplate(template, 'child.input', { whole: false })).toEqual([]);
    expect(fillTemplate(template, 'cvs', hours)).toEqual([
      { scope: { ids: ['cvs'], note: '2026-01-15T00:00:00Z/2026-01-15T06:00:00Z' }, force: true, n: null },
    ]);
  });

  it('that is a list is the list of arguments', () => {
    expect(fillTemplate(['${customerId}', 7], 'cvs', hours)).toEqual(['cvs', 7]);
    expect(fillTemplate([], 'cvs', hours)).toEqual([]);
  });

  it('without placeholders arrives as it is, and is not changed by being filled', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        if (text.includes('${')) return;
        const filled = fillTemplate(value as Json, 'cvs', hours);
        expect(JSON.stringify(Array.isArray(value) ? filled : filled[0])).toBe(text);
        expect(JSON.stringify(value)).toBe(text);
      }),
    );
  });
});
