import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onOneLine } from '../../../src/one-line.js';
import { columns, emphasised } from '../../../src/presentation/lines/columns.js';
import { type Line, render, styled, widthOf } from '../../../src/presentation/lines/line.js';
import { wrapped } from '../../../src/presentation/lines/wrapping.js';

const plain = { colour: false };

describe('a line', () => {
  it('has colour codes only where colour is wanted', () => {
    const line = ['a ', styled('red', 'red')];
    expect(render(line, plain)).toBe('a red');
    expect(render(line, { colour: true })).toBe('a \u001b[31mred\u001b[39m');
  });

  it('is cut to the width, codes not counted and always closed', () => {
    const line = ['ab', styled('cdef', 'bold')];
    expect(render(line, { colour: true, width: 6 })).toBe('ab\u001b[1mcdef\u001b[22m');
    expect(render(line, { colour: true, width: 5 })).toBe('ab\u001b[1mcd…\u001b[22m');
    expect(render(line, { colour: false, width: 1 })).toBe('…');
    expect(render(line, { colour: false, width: 0 })).toBe('');
  });

  it('counts a wide character as two columns and a combining one as none', () => {
    expect(widthOf('日本')).toBe(4);
    expect(widthOf('e\u0301')).toBe(1);
    expect(render(['日本語'], { ...plain, width: 5 })).toBe('日本…');
  });

  it('counts an emoji of several characters as the two columns that it takes, and never cuts it in half', () => {
    const family = '👨\u200d👩\u200d👧';
    expect(widthOf(family)).toBe(2);
    expect(render([`${family}bcd`], { ...plain, width: 4 })).toBe(`${family}b…`);
    expect(render([`a${family}bcd`], { ...plain, width: 3 })).toBe('a…');
    expect(wrapped([`${family.repeat(3)}x`], 4).map((line) => render(line, plain))).toEqual([
      family.repeat(2),
      `${family}x`,
    ]);
  });

  it('lets no text from elsewhere affect the terminal', () => {
    expect(onOneLine('deadlock\n  detected\u001b[2J\u202e!')).toBe('deadlock detected [2J !');
  });
});

describe('a wrapped line', () => {
  const lines = (line: Line, width: number, indent = 0) =>
    wrapped(line, width, indent).map((part) => render(part, plain));

  it('breaks between words, and hangs what follows under the text', () => {
    expect(lines([styled('why       ', 'dim'), 'the database is ok'], 22, 10)).toEqual([
      'why       the database',
      '          is ok',
    ]);
  });

  it('drops the space at which it breaks, also after a line that is exactly full', () => {
    expect(lines(['aaaaa bbbbb ccc'], 5)).toEqual(['aaaaa', 'bbbbb', 'ccc']);
  });

  it('breaks a word that is longer than a line', () => {
    expect(lines(['abcdefgh'], 3)).toEqual(['abc', 'def', 'gh']);
  });

  it('keeps every style and every word, and no line is wider than asked for', () => {
    const span = fc.record({
      text: fc
        .array(fc.constantFrom('a', 'bc', 'defghij', ' ', '  ', '東京', '👨\u200d👩\u200d👧', 'e\u0301'))
        .map((all) => all.join('')),
      style: fc.constantFrom('red' as const, 'dim' as const),
    });
    fc.assert(
      fc.property(
        fc.array(span),
        fc.integer({ min: 12, max: 40 }),
        fc.integer({ min: 0, max: 10 }),
        (line, width, indent) => {
          const parts = wrapped(line, width, indent);
          for (const part of parts) expect(widthOf(render(part, plain))).toBeLessThanOrEqual(width);
          const letters = (all: Line, style: string) =>
            all
              .flatMap((one) => (typeof one !== 'string' && one.style === style ? [one.text] : []))
              .join('')
              .replaceAll(' ', '');
          for (const style of ['red', 'dim']) expect(letters(parts.flat(), style)).toBe(letters(line, style));
        },
      ),
    );
  });
});

describe('columns', () => {
  it('are as wide as their widest cell, numbers to the right', () => {
    const lines = columns(
      [{ title: 'run' }, { title: 'days', align: 'right' }],
      [
        ['voice-prod', '7'],
        ['x', '1,519'],
      ],
    );
    expect(lines.map((line) => render(line, plain))).toEqual([
      'run          days',
      'voice-prod      7',
      'x           1,519',
    ]);
  });

  it('keep the style of a cell inside an emphasised row', () => {
    const [, row] = columns([{ title: 'a' }, { title: 'b' }], [emphasised(['x', [styled('1', 'red')]], 'bold')]);
    expect(render(row!, { colour: true })).toBe('\u001b[1mx\u001b[22m  \u001b[31m1\u001b[39m');
  });
});
