import { describe, expect, it } from 'vitest';
import { clusterNames, formatScale, parseOptions } from '../../scripts/dev/start/options.js';
import { requestFor, workflowIdOf } from '../../scripts/dev/start/request.js';
import { parseRequest } from '../../src/backfill/request/request.js';

function parse(...args: string[]) {
  let [out, error] = ['', ''];
  const parsed = parseOptions(args, { out: (text) => (out += text), error: (text) => (error += text) });
  return { parsed, out, error };
}

describe('the options of npm start', () => {
  it('are the whole fleet at a thousandth by default', () => {
    expect(parse().parsed).toEqual({
      clusters: clusterNames(),
      scale: 0.001,
      parallelism: 8,
      keepOpen: false,
      serve: false,
    });
    expect(clusterNames()).toHaveLength(8);
  });

  it('take clusters in the order of the fleet, each once', () => {
    const { parsed } = parse('--cluster', 'voice-prod', '--cluster', 'us-east-1-prod', '--cluster', 'voice-prod');
    expect(parsed).toMatchObject({ clusters: ['us-east-1-prod', 'voice-prod'] });
  });

  it('read a share as a fraction or a number', () => {
    expect(parse('--scale', '1/500').parsed).toMatchObject({ scale: 0.002 });
    expect(parse('--scale', '.01').parsed).toMatchObject({ scale: 0.01 });
    expect([1 / 1000, 0.01, 1, 0.3].map(formatScale)).toEqual(['1/1000', '1/100', '1', '0.3']);
  });

  it.each([
    [['--cluster', 'mars'], 'Known clusters: us-east-1-prod, us-west-2-prod'],
    ...['0', '-1', '2', '1/0', '0/0', 'x', '1e-3', ''].map((scale) => [['--scale', scale], 'such as 1/1000']),
    ...['0', '1001', '1.5', 'x'].map((n) => [['--parallelism', n], 'a whole number from 1 to 1000']),
    [['--bogus'], "unknown option '--bogus'"],
    [['extra'], 'too many arguments'],
  ] as [string[], string][])('%s is refused in one line', (args, reason) => {
    const { parsed, error } = parse(...args);
    expect(parsed).toEqual({ exitCode: 2 });
    expect(error).toContain(reason);
    expect(error.trim().split('\n')).toHaveLength(1);
  });

  it('explain themselves', () => {
    const { parsed, out } = parse('--help');
    expect(parsed).toEqual({ exitCode: 0 });
    expect(out).toMatch(/default:\s+1\/1000/);
    for (const option of ['--cluster', '--scale', '--parallelism', '--keep-open']) expect(out).toContain(option);
  });
});

describe('the request for a cluster', () => {
  const of = (cluster: string, scale: number, parallelism = 8) => requestFor(cluster, { scale, parallelism });

  it.each(clusterNames())('is valid for %s at any scale', (cluster) => {
    for (const scale of [1, 0.001, 0.000_001]) expect(parseRequest(of(cluster, scale))).toMatchObject({ ok: true });
    expect(parseRequest(of(cluster, 0.001, 1))).toMatchObject({ ok: true });
    expect(workflowIdOf(cluster)).toBe(`backfillscorecards-${cluster}-2026-01`);
  });

  it('asks the directory, and scales what a window should hold', () => {
    expect(of('voice-prod', 0.001)).toMatchObject({
      customers: 'all',
      window: { initial: 'auto', target: 150 },
      parallelism: { min: 2, max: 8, adaptive: true },
    });
    expect(of('voice-prod', 0.000_001)).toMatchObject({ window: { target: 1 } });
  });
});
