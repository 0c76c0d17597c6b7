/** The messages, enums and service of `backfill.jobs.v1`, as generated. */
export * from './gen/backfill/jobs/v1/job_pb.js';
export * from './gen/backfill/jobs/v1/job_service_pb.js';
