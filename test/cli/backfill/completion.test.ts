import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typed } from './command-line.js';

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backfill-completion-'));
  await writeFile(join(folder, 'completion.bash'), (await typed(['completion', 'bash'])).stdout);
  // Stands for the command, where the script asks it for clusters.
  const command = join(folder, 'backfill');
  await writeFile(
    command,
    '#!/bin/sh\n[ "$*" = "--fleet my.yaml completion clusters" ] && echo us-west && echo chat\n',
  );
  await chmod(command, 0o755);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What bash offers for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `
    source "$1/completion.bash"; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _backfill && printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', script, 'bash', folder, join(folder, 'backfill'), ...words]);
  return stdout.trim().split('\n');
}

describe('completion in bash', () => {
  it('offers commands, a command its options, and the clusters of the fleet file that is named', async () => {
    expect(await offered('res')).toEqual(['resume', 'reset-day']);
    expect(await offered('pause', '--re')).toEqual(['--reason']);
    expect(await offered('--output', 'j')).toEqual(['json']);
    expect(await offered('report', '--out', join(folder, 'comp'))).toEqual([join(folder, 'completion.bash')]);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await offered('schedule', 'cr')).toEqual(['create']);
    expect(await offered('schedule', 'create', '--last')).toEqual(['--last-days']);
    expect(await offered('--fleet', 'my.yaml', 'pause', 'us')).toEqual(['us-west']);
    expect(await offered('pause', 'us-west', '--fleet', 'my.yaml', 'ch')).toEqual(['chat']);
  });

  it('knows every command in every shell, and the clusters of a fleet file', async () => {
    const help = (await typed(['--help'])).stdout;
    const names = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name!);
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await typed(['completion', shell]);
      for (const name of names.filter((name) => name !== 'help'))
        expect(stdout, shell).toMatch(new RegExp(`\\b${name}\\b`));
    }
    const fleet = join(folder, 'fleet.yaml');
    await writeFile(fleet, '{"clusters":{"a":{"address":"127.0.0.1:1"},"b":{"address":"127.0.0.1:1"}}}');
    expect(await typed(['completion', 'clusters', '--fleet', fleet])).toEqual({
      code: 0,
      stdout: 'a\nb\n',
      stderr: '',
    });
  });
});
