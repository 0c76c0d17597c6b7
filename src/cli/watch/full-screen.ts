import { emitKeypressEvents, type Key } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';

export type Keyboard = Pick<ReadStream, 'setRawMode' | 'resume' | 'pause' | 'on' | 'off' | 'isTTY' | 'isRaw'>;
export type Display = Pick<WriteStream, 'write' | 'on' | 'off' | 'columns' | 'rows'>;

const ESC = '\u001b[';
/** The alternate screen, no cursor, no wrapping of long lines; and the reverse. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`;
const LEAVE = `${ESC}?7h${ESC}?25h${ESC}?1049l`;

/**
 * The whole terminal, until {@link close}: frames on the alternate screen, and keys as they are pressed. The terminal is
 * restored however this process ends, except by SIGKILL.
 */
export class FullScreen {
  private drawn: string[] = [];
  private open = false;
  private wasRaw = false;
  private keyListener: ((text: string | undefined, key: Key) => void) | undefined;

  constructor(
    private readonly display: Display,
    private readonly keyboard: Keyboard,
    private readonly onResize: () => void,
  ) {
    this.close = this.close.bind(this);
    this.resized = this.resized.bind(this);
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.display.columns || 80, rows: this.display.rows || 24 };
  }

  /** Takes over the terminal. @param onKey gets the name of each key: `up`, `q`, `ctrl+c`, `shift+tab` */
  start(onKey: (key: string) => void): void {
    this.open = true;
    // The monitor runs before a crash is printed, which would otherwise be lost with the alternate screen.
    process.on('exit', this.close);
    process.on('uncaughtExceptionMonitor', this.close);
    this.wasRaw = this.keyboard.isRaw;
    emitKeypressEvents(this.keyboard as ReadStream);
    this.keyListener = (text, key) => onKey(keyName(text, key));
    this.keyboard.on('keypress', this.keyListener);
    this.keyboard.setRawMode(true);
    this.keyboard.resume();
    this.display.on('resize', this.resized);
    this.display.write(ENTER);
  }

  /** Shows the frame: one write of the lines that differ from the last frame, or none. */
  draw(lines: readonly string[]): void {
    if (!this.open) return;
    const changed = Array.from({ length: Math.max(lines.length, this.drawn.length) }, (_, i) => i).filter(
      (i) => (lines[i] ?? '') !== (this.drawn[i] ?? ''),
    );
    if (changed.length === 0) return;
    // Erased first: after a line that fills its row, the cursor would stand on its last character.
    const text = changed.map((i) => `${ESC}${i + 1};1H${ESC}0m${ESC}2K${lines[i] ?? ''}`).join('');
    this.drawn = [...lines];
    // Synchronized output: terminals that support it show the frame at once; others ignore it.
    this.display.write(`${ESC}?2026h${text}${ESC}?2026l`);
  }

  /** Restores the terminal. Does nothing the second time. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    process.off('exit', this.close);
    process.off('uncaughtExceptionMonitor', this.close);
    this.display.off('resize', this.resized);
    if (this.keyListener) this.keyboard.off('keypress', this.keyListener);
    try {
      this.display.write(LEAVE);
      this.keyboard.setRawMode(this.wasRaw);
    } catch {
      // The terminal no longer exists.
    }
    this.keyboard.pause();
  }

  private resized(): void {
    this.drawn = [];
    this.display.write(`${ESC}2J`);
    this.onResize();
  }
}

function keyName(text: string | undefined, { name, ctrl, shift }: Key): string {
  // Keys without a name, such as `?`, are named by their text.
  const plain = name ?? text ?? '';
  if (ctrl) return `ctrl+${plain}`;
  return shift && plain === 'tab' ? 'shift+tab' : plain;
}
