import type { Context } from '@temporalio/activity';
import { z } from 'zod';
import { decoded, reasonOfCode, withoutSecrets } from '../database-trouble.js';
import { TOO_LATE, withTimeLimit } from '../with-time-limit.js';
import { Lost, NoValue } from './metrics.js';

export interface PrometheusOptions {
  /** `http://` or `https://`, with a path if its API is not at the root. A user and password in it are basic authentication. */
  url: string;
  /** A bearer token, in place of these. */
  token: string | undefined;
  /** How long an answer may take. */
  seconds: number;
  /** Of the activity that probes; undefined in the command. */
  context?: Context;
}

/** One sample and its labels need a small part of it. */
const MOST_BYTES = 65_536;

const sample = z.tuple([z.number(), z.string()]);
const success = z.object({ data: z.object({ resultType: z.string(), result: z.array(z.unknown()) }) });
const refusal = z.object({ errorType: z.string(), error: z.string() });

/**
 * A Prometheus, or what has its HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries).
 * No part of its address, of its credentials or of its own messages is in any error.
 */
export class Prometheus {
  private asking: AbortController | undefined;
  private logged: string | undefined;

  constructor(private readonly options: PrometheusOptions) {}

  /**
   * The value now of a query that gives a scalar or one sample, as Prometheus writes it: `NaN` and `+Inf` are values.
   *
   * @throws NoValue for this query, Lost if it would answer none
   */
  async value(query: string): Promise<string> {
    const { status, body } = await this.ask(query);
    if (status !== 200) throw this.refused(status, body);
    const parsed = success.safeParse(body);
    if (!parsed.success) throw lost('its answer is not that of a Prometheus');
    const { resultType, result } = parsed.data.data;
    if (resultType === 'vector' && result.length !== 1) {
      const got = result.length === 0 ? 'no sample' : `${result.length} samples, not one: use max(…) or sum(…)`;
      throw new NoValue(`its PromQL returned ${got}`);
    }
    const one = resultType === 'vector' ? z.object({ value: sample }).safeParse(result[0]).data?.value : result;
    const { data } = sample.safeParse(one);
    if (!data) throw new NoValue('its PromQL returned neither a scalar nor one sample');
    return data[1];
  }

  /** Ends what it waits for. */
  close(): void {
    this.asking?.abort();
  }

  private async ask(query: string): Promise<{ status: number; body: unknown }> {
    const { seconds } = this.options;
    const request = this.request(query);
    this.asking = new AbortController();
    try {
      // A little later than its own limit, so that it says itself that a query was too slow.
      return await withTimeLimit((seconds + 1) * 1_000, this.asking.signal, async (signal) => {
        const { url, headers } = request;
        // A redirect could lead anywhere, with the credentials.
        const response = await fetch(url, { headers, signal, redirect: 'manual' });
        return { status: response.status, body: await bodyOf(response) };
      });
    } catch (error) {
      if (error instanceof NoValue) throw error;
      if (error === TOO_LATE) throw lost(`no answer within ${seconds} s`);
      throw lost(reasonOfCode(((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? ''));
    }
  }

  private request(query: string): { url: URL; headers: Record<string, string> } {
    const { url: address, token, seconds } = this.options;
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) throw lost('its address is not an http:// or https:// one');
    const { username, password } = url;
    const basic = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
    const authorization = token ? `Bearer ${token.trim()}` : username && `Basic ${basic}`;
    // fetch refuses an address with credentials.
    Object.assign(url, { username: '', password: '', pathname: `${url.pathname.replace(/\/$/, '')}/api/v1/query` });
    url.searchParams.set('query', query);
    url.searchParams.set('timeout', `${seconds}s`);
    return { url, headers: { accept: 'application/json', ...(authorization && { authorization }) } };
  }

  private refused(status: number, body: unknown): Error {
    const { data } = refusal.safeParse(body);
    if (data) this.log(status, data.error);
    const said = !data
      ? ''
      : this.options.context
        ? "; the worker's log has its message"
        : `: ${this.safe(data.error)}`;
    if (status === 400 || status === 422) return new NoValue(`Prometheus refuses its PromQL (${status})${said}`);
    if (data?.errorType === 'timeout') return new NoValue(`its PromQL took longer than ${this.options.seconds} s`);
    if (status === 401 || status === 403) return lost(`it refuses the credentials, or needs some (${status})`);
    if (status >= 300 && status < 400) return lost(`it redirects (${status}); set the address that it redirects to`);
    if (status === 404) return lost('there is no Prometheus API at its address (404)');
    return lost(`it answers with an error (${status})${said}`);
  }

  /** Logs each message once, not at every look. */
  private log(status: number, message: string): void {
    if (message === this.logged) return;
    this.logged = message;
    this.options.context?.log.warn("the probe's Prometheus refuses a query", { status, message: this.safe(message) });
  }

  private safe(message: string): string {
    const { url, token } = this.options;
    return withoutSecrets(message, url, token?.trim());
  }
}

const lost = (why: string) => new Lost(`Prometheus: ${why}`);

/** Undefined where it is not JSON. */
async function bodyOf(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new NoValue('its PromQL returned far more than one sample');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}
