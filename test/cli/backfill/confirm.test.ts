import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CommandContext } from '../../../src/cli/commands/context.js';

/** A context at a terminal, or in a pipe, and what is asked there. */
function contextAt({ terminal, yes = false }: { terminal: boolean; yes?: boolean }) {
  const stdin = Object.assign(new PassThrough(), { isTTY: terminal });
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: terminal });
  const context = new CommandContext(
    'finish',
    {
      stdin: stdin as never,
      stdout: new PassThrough() as never,
      stderr: stderr as never,
      environment: {},
      signal: new AbortController().signal,
    },
    { output: 'table', yes },
  );
  return { context, stdin, asked: () => String(stderr.read() ?? '') };
}

describe('a command that needs confirmation', () => {
  it.each(['y', 'yes', 'YES '])('continues after %j at a terminal', async (answer) => {
    const { context, stdin, asked } = contextAt({ terminal: true });
    const confirmed = context.confirm('finish it all');
    stdin.write(`${answer}\n`);
    await confirmed;
    expect(asked()).toContain('About to finish it all. Continue? [y/N]');
  });

  it.each(['n', '', 'yesterday'])('sends nothing after %j', async (answer) => {
    const { context, stdin } = contextAt({ terminal: true });
    const confirmed = context.confirm('finish it all');
    stdin.write(`${answer}\n`);
    await expect(confirmed).rejects.toMatchObject({ exitCode: 2, message: 'not confirmed; nothing was sent' });
  });

  it('begins a new line after Ctrl-C as the answer', async () => {
    const { context, stdin, asked } = contextAt({ terminal: true });
    const confirmed = context.confirm('finish it all');
    stdin.write('\u0003');
    await expect(confirmed).rejects.toThrow();
    expect(asked()).toMatch(/\[y\/N\] .*\n$/s);
  });

  it('does not ask in a pipe, and continues there only with --yes', async () => {
    const unsure = contextAt({ terminal: false });
    await expect(unsure.context.confirm('finish it all')).rejects.toMatchObject({ exitCode: 2 });
    const sure = contextAt({ terminal: false, yes: true });
    await sure.context.confirm('finish it all');
    expect(unsure.asked() + sure.asked()).toBe('');
  });
});
