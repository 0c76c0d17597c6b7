import { describe, expect, it } from 'vitest';
import { columns, emphasised } from '../../../src/cli/terminal/columns.js';
import { onOneLine, render, styled, widthOf } from '../../../src/cli/terminal/line.js';

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

  it('lets text from elsewhere do nothing to the terminal', () => {
    expect(onOneLine('deadlock\n  detected\u001b[2J\u202e!')).toBe('deadlock detected [2J !');
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
