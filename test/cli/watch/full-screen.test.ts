import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { type Display, FullScreen, type Keyboard } from '../../../src/cli/watch/full-screen.js';

const ESC = '\u001b[';
const LEFT = `${ESC}?7h${ESC}?25h${ESC}?1049l`;

class FakeDisplay extends EventEmitter {
  columns = 80;
  rows = 24;
  writes: string[] = [];
  write(text: string): boolean {
    this.writes.push(text);
    return true;
  }
}

class FakeKeyboard extends PassThrough {
  isTTY = true;
  isRaw = false;
  setRawMode(raw: boolean): this {
    this.isRaw = raw;
    return this;
  }
}

const screens: FullScreen[] = [];
afterEach(() => {
  for (const screen of screens.splice(0)) screen.close();
});

function open() {
  const display = new FakeDisplay();
  const keyboard = new FakeKeyboard();
  const keys: string[] = [];
  let resizes = 0;
  const screen = new FullScreen(display as unknown as Display, keyboard as unknown as Keyboard, () => resizes++);
  screens.push(screen);
  screen.start((key) => keys.push(key));
  return { display, keyboard, keys, screen, resizes: () => resizes };
}

describe('the full screen', () => {
  it('takes the terminal: alternate screen, no cursor, keys at once', () => {
    const { display, keyboard } = open();
    expect(display.writes.join('')).toContain(`${ESC}?1049h${ESC}?25l`);
    expect(keyboard.isRaw).toBe(true);
  });

  it('writes once for each frame, and only the lines that changed', () => {
    const { display, screen } = open();
    display.writes = [];
    screen.draw(['one', 'two']);
    screen.draw(['one', 'three']);
    screen.draw(['one', 'three']);
    expect(display.writes).toHaveLength(2);
    expect(display.writes[1]).toContain('three');
    expect(display.writes[1]).not.toContain('one');
  });

  it('erases lines that the next frame lacks', () => {
    const { display, screen } = open();
    screen.draw(['one', 'two']);
    screen.draw(['one']);
    expect(display.writes.at(-1)).toContain(`${ESC}2;1H${ESC}0m${ESC}2K${ESC}?2026l`);
  });

  it('redraws everything after a resize', () => {
    const { display, screen, resizes } = open();
    screen.draw(['one']);
    display.emit('resize');
    expect(resizes()).toBe(1);
    screen.draw(['one']);
    expect(display.writes.at(-1)).toContain('one');
  });

  it('names keys', async () => {
    const { keyboard, keys } = open();
    for (const text of ['q', `${ESC}A`, `${ESC}6~`, '\t', `${ESC}Z`, '\u0003']) {
      keyboard.write(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(keys).toEqual(['q', 'up', 'pagedown', 'tab', 'shift+tab', 'ctrl+c']);
  });

  it('restores the terminal, once', () => {
    const { display, keyboard, screen } = open();
    screen.close();
    screen.close();
    screen.draw(['late']);
    expect(display.writes.filter((text) => text.includes('?1049l'))).toEqual([LEFT]);
    expect(display.writes.at(-1)).toBe(LEFT);
    expect(keyboard.isRaw).toBe(false);
    expect(keyboard.isPaused()).toBe(true);
    expect(display.listenerCount('resize')).toBe(0);
  });

  it('restores the terminal also when the process exits or crashes', () => {
    for (const event of ['exit', 'uncaughtExceptionMonitor'] as const) {
      const { display, keyboard, screen } = open();
      const added = process.listeners(event as 'exit').at(-1) as () => void;
      expect(added).toBe(screen.close);
      added();
      expect(display.writes.at(-1)).toBe(LEFT);
      expect(keyboard.isRaw).toBe(false);
      expect(process.listeners(event as 'exit')).not.toContain(screen.close);
    }
  });
});
