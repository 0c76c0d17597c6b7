import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

export interface ShellOptions {
  directory: string;
  /** Each command of the runbook, by its name, as what stands for it here. */
  commands: Readonly<Record<string, string>>;
  environment: NodeJS.ProcessEnv;
}

/** The shell in which the lab types the commands of the runbook. @returns what such a line prints, whether or not all is well */
export async function labShell({
  directory,
  commands,
  environment,
}: ShellOptions): Promise<(line: string) => Promise<string>> {
  const bin = join(directory, 'bin');
  await mkdir(bin);
  for (const [name, script] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const { NO_COLOR: _, ...inherited } = process.env;
  const env = { ...inherited, ...environment, COLUMNS: '160', PATH: `${bin}${delimiter}${process.env.PATH}` };
  return (line) =>
    new Promise((resolve) => {
      execFile('sh', ['-c', line], { env }, (_error, stdout, stderr) =>
        resolve(stripVTControlCharacters(`${stdout}\n${stderr}`)),
      );
    });
}
