import { afterEach, describe, expect, it, vi } from 'vitest';
import { wantsColour } from '../../../src/cli/terminal/output.js';
import { Screen } from '../../../src/cli/terminal/screen.js';
import { createProgressDisplay } from '../../../src/cli/watch/progress-display.js';
import { month, progress } from '../../support/progress.js';

class FakeTerminal {
  written = '';
  columns = 80;
  rows = 24;
  isTTY = true;
  on = vi.fn();
  off = vi.fn();
  write = (text: string) => {
    this.written += text;
    return true;
  };
  /** What was written since the last call. */
  take(): string {
    const { written } = this;
    this.written = '';
    return written;
  }
}

const run = { name: 'x', progress: progress({ a: month('d') }, { status: 'completed' }) };

describe('the screen', () => {
  it('redraws in place, also when the terminal has become narrower', () => {
    const terminal = new FakeTerminal();
    const screen = new Screen(terminal);
    const lines = ['x'.repeat(80), 'y'];
    screen.draw(lines, lines);
    expect(terminal.take()).toBe(`\u001b[?25l${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    terminal.columns = 50;
    screen.draw(['z'], ['z']);
    expect(terminal.take()).toContain('\u001b[3A\r');
    screen.close({ erase: true });
    expect(terminal.take()).toBe('\u001b[1A\r\u001b[J\u001b[?25h');
  });

  it('restores the cursor once, also when the process ends before it is closed', () => {
    const terminal = new FakeTerminal();
    const before = process.listeners('exit');
    const screen = new Screen(terminal);
    screen.draw(['a'], ['a']);
    const [restore] = process.listeners('exit').filter((listener) => !before.includes(listener));
    terminal.take();
    restore!(0);
    expect(terminal.take()).toBe('\u001b[?25h');
    screen.close();
    expect(terminal.take()).toBe('');
    expect(process.listeners('exit')).toEqual(before);
  });
});

describe('the display', () => {
  afterEach(() => void vi.useRealTimers());

  it('uses colour on a terminal, unless NO_COLOR asks for none', () => {
    const terminal = new FakeTerminal();
    expect(wantsColour(terminal, {})).toBe(true);
    expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ write: terminal.write }, {})).toBe(false);
  });

  it('redraws in place on a terminal, also when its size changes', () => {
    const terminal = new FakeTerminal();
    const display = createProgressDisplay(terminal, { NO_COLOR: '1' });
    display.update([run]);
    expect(terminal.take()).toMatch(/100 +1\/1 +31\/31 +done/);
    const [, redraw] = terminal.on.mock.calls.find(([event]) => event === 'resize')!;
    redraw();
    expect(terminal.take()).toMatch(/\[2A\r/);
    display.close();
    expect(terminal.off).toHaveBeenCalledWith('resize', redraw);
  });

  it('writes a line from time to time in a pipe, without any control character', () => {
    vi.useFakeTimers();
    const pipe = new FakeTerminal();
    pipe.isTTY = false;
    const display = createProgressDisplay(pipe, {});
    display.update([{ name: 'x' }]);
    expect(pipe.take()).toBe('');
    vi.advanceTimersByTime(10_000);
    display.update([{ name: 'x', progress: progress({ a: month('.') }) }]);
    display.update([run]);
    expect(pipe.take()).toMatch(
      /^0% after .*, 0 of 1 customer, 0 of 31 days, 0 in flight\nx completed: 1 customer, 31 of 31 days done\n$/,
    );
  });
});
