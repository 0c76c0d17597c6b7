import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { hasGo } from '../../support/go-client.js';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const generated = join(project, 'src/server/jobs/gen');

describe('The protos of the job API', () => {
  let copy: string;

  beforeEach(async () => {
    copy = await mkdtemp(join(tmpdir(), 'protos-'));
    for (const name of ['proto', 'buf.yaml', 'buf.gen.yaml']) {
      await cp(join(project, name), join(copy, name), { recursive: true });
    }
  });
  afterEach(() => rm(copy, { recursive: true }));

  const buf = (...args: string[]) =>
    promisify(execFile)(join(project, 'node_modules/.bin/buf'), args, {
      cwd: copy,
      env: { ...process.env, PATH: `${join(project, 'node_modules/.bin')}:${process.env.PATH}` },
    });

  async function edit(file: string, from: string, to: string): Promise<void> {
    const path = join(copy, 'proto/backfill/jobs/v1', file);
    const before = await readFile(path, 'utf8');
    expect(before).toContain(from);
    await writeFile(path, before.replace(from, to));
  }

  const filesIn = async (folder: string) => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const texts = files.map(async (file) => [relative(folder, file), await readFile(file, 'utf8')] as const);
    return Object.fromEntries(await Promise.all(texts));
  };

  it('are what the generated code was made of: `npm run generate` changes nothing', async () => {
    await buf('generate');
    expect(await filesIn(join(copy, 'src/server/jobs/gen'))).toEqual(await filesIn(generated));
  });

  it.skipIf(!hasGo())('are what the Go client was made of: `npm run generate:go` changes nothing', async () => {
    for (const name of ['buf.gen.go.yaml', 'clients/go/go.mod', 'clients/go/go.sum']) {
      await cp(join(project, name), join(copy, name), { recursive: true });
    }
    await buf('generate', '--template', 'buf.gen.go.yaml');
    expect(await filesIn(join(copy, 'clients/go/gen'))).toEqual(await filesIn(join(project, 'clients/go/gen')));
  });

  it('break no client that was made of an earlier release', async () => {
    await expect(buf('breaking', '--against', 'proto/released.binpb')).resolves.toBeTruthy();
  });

  it.each([
    ['a field with another number', 'job.proto', 'string name = 1 [', 'string name = 20 ['],
    ['a field with another type', 'job.proto', 'int32 rows = 2;', 'int64 rows = 2;'],
    ['a state with another name', 'job.proto', 'PAUSED = 3;', 'HALTED = 3;'],
    ['a method that is gone', 'job_service.proto', 'rpc CancelJob(CancelJobRequest) returns (Job);', ''],
    ['another package', 'job.proto', 'package backfill.jobs.v1;', 'package backfill.jobs.v2;'],
  ])('are refused with %s', async (_, file, from, to) => {
    await edit(file, from, to);
    await expect(buf('breaking', '--against', 'proto/released.binpb')).rejects.toThrow();
  });

  it('may have a new field', async () => {
    await edit('job.proto', 'message Proof {', 'message Proof {\n  string signed_by = 9;');
    await expect(buf('breaking', '--against', 'proto/released.binpb')).resolves.toBeTruthy();
  });
});
