import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { JobService } from './gen/backfill/jobs/v1/job_service_pb.js';

/**
 * A client of the job API of `backfill serve`.
 *
 * ```ts
 * const jobs = jobsClient({ baseUrl: 'http://127.0.0.1:8080', token });
 * const page = await jobs.listJobs({ filter: 'customer = "cvs" AND range : "2026-01"' });
 * console.log(page.jobs.map(({ name, customer }) => `${name}: ${customer?.done}`));
 * ```
 *
 * @param options the server's address without a path, and its token
 */
export function jobsClient({ baseUrl, token }: { baseUrl: string; token: string }): Client<typeof JobService> {
  const transport = createGrpcTransport({
    baseUrl,
    interceptors: [
      (next) => (request) => {
        request.header.set('authorization', `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  return createClient(JobService, transport);
}
