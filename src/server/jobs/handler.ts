import { setMaxListeners } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type ConnectRouter, createContextValues, type Interceptor, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { Visitor } from '../access/gate.js';
import type { Request, Response } from '../listen.js';
import { JobService } from './gen/backfill/jobs/v1/job_service_pb.js';
import { Health, HealthCheckResponse_ServingStatus } from './gen/grpc/health/v1/health_pb.js';
import { type JobServiceOptions, jobService, VISITOR } from './job-service.js';
import { noSuchService, problemFrom } from './problems.js';

/** The service's own name on the wire. Every client's paths begin with it. */
export const JOBS_PACKAGE = 'backfill.jobs.v1';

export interface JobApiOptions extends JobServiceOptions {
  /** Ends streams when the server stops. */
  readonly signal: AbortSignal;
  /** Called with what is answered as an internal error. */
  readonly onInternal: (error: unknown) => void;
  /** Another package under whose name the same service answers as well: `acme.jobs.v2`. */
  readonly alias?: string | undefined;
}

/** Larger than the input of any run that Temporal takes. */
const MOST_BYTES = 2_500_000;

/** What a server mounts: the paths, and what answers them. */
export interface JobApi {
  readonly prefixes: readonly string[];
  handle(request: Request, response: Response, visitor: Visitor): void;
}

/** The job API by gRPC, gRPC-Web and Connect, on HTTP/1.1 and HTTP/2. */
export function jobApi(options: JobApiOptions): JobApi {
  const { signal, alias, onInternal } = options;
  // Each open call listens to it.
  setMaxListeners(0, signal);
  const service = jobService(options);
  const names = [JOBS_PACKAGE, ...(alias === undefined ? [] : [alias])].map((name) => `${name}.JobService`);
  const visitors = new WeakMap<object, Visitor>();
  const handler = connectNodeAdapter({
    readMaxBytes: MOST_BYTES,
    shutdownSignal: signal,
    interceptors: [problems(onInternal)],
    contextValues: (request) => createContextValues().set(VISITOR, visitors.get(request) ?? {}),
    routes: (router) => {
      for (const name of names) serviceNamed(router, name, service);
      router.service(Health, health(names));
    },
  });
  return {
    prefixes: [...names, Health.typeName].map((name) => `/${name}/`),
    handle(request, response, visitor) {
      visitors.set(request, visitor);
      dropEndlessTimeLimit(request.headers);
      handler(request as IncomingMessage, response as never);
    },
  };
}

/** Node's timers end at 24 days: a longer time limit would end at once. */
const MOST_TIMEOUT_MS = 2 ** 31 - 1;
const UNIT_MS: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1 };

function dropEndlessTimeLimit(headers: IncomingHttpHeaders): void {
  const [, value, unit = ''] = /^(\d+)([HMSm])$/.exec(String(headers['grpc-timeout'])) ?? [];
  if (Number(value) * UNIT_MS[unit]! > MOST_TIMEOUT_MS) delete headers['grpc-timeout'];
  if (Number(headers['connect-timeout-ms']) > MOST_TIMEOUT_MS) delete headers['connect-timeout-ms'];
}

/** The same messages under another name: the wire knows no package but in the path. */
function serviceNamed(router: ConnectRouter, typeName: string, service: ServiceImpl<typeof JobService>): void {
  const parent = { ...JobService, typeName };
  const methods = JobService.methods.map((method) => ({ ...method, parent }));
  const method = Object.fromEntries(methods.map((own) => [own.localName, own])) as unknown as typeof JobService.method;
  router.service({ ...parent, methods, method, toString: () => `service ${typeName}` } as typeof JobService, service);
}

/** Health of a process that could answer this: it serves. Whether a cluster answers, each list says. */
const health = (names: readonly string[]): ServiceImpl<typeof Health> => ({
  check({ service }) {
    if (service !== '' && !names.includes(service)) throw noSuchService(service);
    return { status: HealthCheckResponse_ServingStatus.SERVING };
  },
  async *watch({ service }, context) {
    const { SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
    const known = service === '' || names.includes(service);
    yield { status: known ? SERVING : SERVICE_UNKNOWN };
    const { signal } = context;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
});

/** Each error that a method throws, as one for its caller; in a stream as well. */
const problems = (onInternal: (error: unknown) => void): Interceptor => {
  const thrown = (error: unknown) => problemFrom(error, onInternal);
  async function* guarded<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* messages;
    } catch (error) {
      throw thrown(error);
    }
  }
  return (next) => async (request) => {
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: guarded(response.message) } : response;
    } catch (error) {
      throw thrown(error);
    }
  };
};
