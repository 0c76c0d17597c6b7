import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { COMMANDS } from '../../src/backfill/commands/command.js';
import { request } from '../../src/backfill/request/schema.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(project, file), 'utf8');

/** Every file of a folder with this ending, relative to the project. */
const files = (folder: string, ending: string): string[] =>
  readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith(ending));

const pages = [
  ...readdirSync(project).filter((file) => file.endsWith('.md')),
  ...['docs', 'src', 'test', 'examples'].flatMap((folder) => files(folder, '.md')),
];
const reference = files('docs', '.md').map(read).join('\n');

/** The code in a page: in backticks and in fenced blocks, where names of fields and commands stand. */
const codeOf = (page: string): string => [...page.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].join('\n');

/** Whether a name stands in code, by itself or as `name?` in an object. */
const names = (code: string, name: string): boolean => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(code);

describe('every page', () => {
  it.each(pages)('%s links only to files and headings that exist', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it.each(pages.filter((page) => page !== 'CHANGELOG.md'))('%s names only scripts and paths that exist', (page) => {
    const text = read(page);
    const { scripts } = JSON.parse(read('package.json'));
    const unknown = [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].filter(([, name]) => !(name! in scripts));
    const paths = [...text.matchAll(/`((?:src|test|scripts|docs|examples|\.ci)\/[\w./-]*\w)\/?`/g)];
    expect([...unknown, ...paths.filter(([, path]) => !exists(path!))].map(([match]) => match)).toEqual([]);
  });
});

it('ARCHITECTURE draws each room of src, and no other', () => {
  const [picture] = /(?<=## The rooms\n\n```\n)[\s\S]*?(?=```)/.exec(read('ARCHITECTURE.md'))!;
  const rooms = (folder: string): string[] =>
    readdirSync(join(project, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  const drawn = (folder: string) => {
    const part = picture.split(/^(?=\S)/m).find((lines) => lines.startsWith(`${folder}/ `))!;
    return [...part.slice(folder.length + 1).matchAll(/(?<![\w/])([\w-]+)\/(?=\s)/g)].map(([, name]) => name!);
  };
  expect(drawn('src/backfill').sort()).toEqual(rooms('src/backfill').sort());
  expect(drawn('src/cli').sort()).toEqual(rooms('src/cli').sort());
  for (const room of rooms('src')) expect(picture, room).toContain(`src/${room}/`);
});

it('the index of docs/ has each page of it', () => {
  const index = read('docs/README.md');
  const own = readdirSync(join(project, 'docs')).filter((file) => file.endsWith('.md') && file !== 'README.md');
  expect(own.filter((file) => !index.includes(`(${file})`))).toEqual([]);
});

it('CONTRIBUTING or README says what each npm script does', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const text = read('CONTRIBUTING.md') + read('README.md');
  const own = Object.keys(scripts).filter((name) => !/^(pre|post)/.test(name));
  const named = (name: string) =>
    new RegExp(`npm (run (--silent )?)?${name}(?![\\w:-])|${name} for clients`).test(text);
  expect(own.filter((name) => !named(name))).toEqual([]);
});

describe('the reference says', () => {
  it('what each field of the input means', () => {
    const code = codeOf(read('docs/input.md') + read('docs/failures.md'));
    const missing = [...fieldsOf(request)].filter((field) => !names(code, field));
    expect(missing).toEqual([]);
  });

  it('what each command of a run does, and with which argument', () => {
    const rows = read('docs/commands.md').split('\n');
    for (const [name, sentence] of Object.entries(COMMANDS)) {
      const row = rows.find((line) => line.startsWith(`| \`${name}\``)) ?? '';
      const [, argument] = /\{(.*)\}$/.exec(sentence)!;
      const fields = argument!.split(', ').filter((field) => field !== 'by?');
      expect(row, name).toContain(`\`{${fields.join(', ')}}\``);
    }
  });

  it('what each query answers', () => {
    const queries = [...read('src/workflows/messages.ts').matchAll(/defineQuery(?:<.*>)?\('(\w+)'\)/g)];
    expect(queries.length).toBeGreaterThan(3);
    for (const [, name] of queries) expect(read('docs/queries.md')).toContain(`| \`${name}\` |`);
  });

  it('what each variable of the environment means', () => {
    const variables = (file: string) =>
      [...read(file).matchAll(/\b(?:BACKFILL|TEMPORAL)_[A-Z]+(?:_[A-Z]+)*\b|(?<=\benv(?:ironment)?\.)[A-Z_]+/g)].map(
        ([name]) => name,
      );
    const own = files('src', '.ts').filter((file) => !file.startsWith('src/reference-ingestion'));
    const used = new Set(own.flatMap(variables));
    expect(used.size).toBeGreaterThan(10);
    expect([...used].filter((name) => !names(reference, name))).toEqual([]);
    const standIn = new Set(files('src/reference-ingestion', '.ts').flatMap(variables));
    expect([...standIn].filter((name) => !names(read('src/reference-ingestion/README.md'), name))).toEqual([]);
  });
});

/** The names of all fields that a schema takes, at any depth. */
function* fieldsOf(schema: z.core.$ZodType): Generator<string> {
  const { def } = schema._zod as unknown as { def: Record<string, unknown> };
  for (const [name, field] of Object.entries((def.shape as object | undefined) ?? {})) {
    yield name;
    yield* fieldsOf(field);
  }
  const inner = [def.innerType, def.in, def.out, def.element, ...((def.options as unknown[]) ?? [])];
  for (const part of inner) if (part) yield* fieldsOf(part as z.core.$ZodType);
}

function exists(path: string): boolean {
  return statSync(join(project, path), { throwIfNoEntry: false }) !== undefined;
}

function brokenLinks(page: string): string[] {
  const text = read(page).replace(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path, anchor] = target.split('#', 2);
      const file = path ? relative(project, join(project, dirname(page), path)) : page;
      if (!exists(file)) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
