import { Code, ConnectError } from '@connectrpc/connect';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { Issue } from '../../backfill/request/issue.js';
import { DirectoryProblem, WrongInput } from '../../runs/input.js';
import { NotARun } from '../../runs/run.js';
import { RequestIdReused } from '../../runs/start.js';
import { Unanswered } from './clusters.js';
import { BadRequestSchema, ErrorInfoSchema } from './gen/google/rpc/error_details_pb.js';

const DOMAIN = 'backfill-scorecards';

interface Violation {
  readonly field: string;
  readonly description: string;
}

/** An error as AIP-193 wants it: a reason for programs, a sentence for people. */
function problem(code: Code, reason: string, message: string, violations: readonly Violation[] = []): ConnectError {
  const details: ConstructorParameters<typeof ConnectError>[3] = [
    { desc: ErrorInfoSchema, value: { reason, domain: DOMAIN } },
  ];
  if (violations.length > 0) details.push({ desc: BadRequestSchema, value: { fieldViolations: [...violations] } });
  return new ConnectError(message, code, undefined, details);
}

/** @param expected continues the sentence: `a job's name, such as clusters/…` */
export const invalid = (field: string, expected: string): ConnectError => wrong(field, `expected ${expected}`);

export const wrong = (field: string, description: string): ConnectError =>
  problem(Code.InvalidArgument, 'INVALID_ARGUMENT', `${field}: ${description}`, [{ field, description }]);

export const noSuchJob = (name: string): ConnectError =>
  problem(Code.NotFound, 'JOB_NOT_FOUND', `there is no job ${name}`);

export const noSuchCluster = (field: string, cluster: string, names: readonly string[]): ConnectError =>
  problem(
    Code.NotFound,
    'CLUSTER_NOT_FOUND',
    `${field}: the fleet has no cluster ${cluster}; it has ${names.join(', ')}`,
  );

export const noSuchService = (service: string): ConnectError =>
  problem(Code.NotFound, 'SERVICE_NOT_FOUND', `this server has no service ${service}`);

export const closedJob = (name: string): ConnectError =>
  problem(Code.FailedPrecondition, 'JOB_CLOSED', `${name} has ended and accepts no more commands`);

export const noSuchCustomer = (customer: string, name: string): ConnectError =>
  problem(Code.NotFound, 'CUSTOMER_NOT_FOUND', `${name} has no customer ${customer}`);

export const readOnly = (): ConnectError => problem(Code.PermissionDenied, 'READ_ONLY', 'this server is read-only');

export const stopping = (): ConnectError =>
  problem(Code.Unavailable, 'SERVER_STOPPING', 'the server is stopping; watch again');

const MOST_VIOLATIONS = 50;

const inInput = ({ field, expected, got }: Issue): Violation => ({
  field: `input.${field}`,
  description: `expected ${expected}, got ${got}`,
});

/** Any error as one for the caller. What is not known here is reported without details: it may hold anything. */
export function problemFrom(error: unknown, onInternal: (error: unknown) => void): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof Unanswered) {
    const reason = error.who === 'cluster' ? 'CLUSTER_UNREACHABLE' : 'JOB_UNRESPONSIVE';
    return problem(Code.Unavailable, reason, error.message);
  }
  if (error instanceof WrongInput) {
    const violations = error.issues.slice(0, MOST_VIOLATIONS).map(inInput);
    return problem(Code.InvalidArgument, 'INVALID_ARGUMENT', `input: ${error.message}`, violations);
  }
  if (error instanceof DirectoryProblem) {
    return error.kind === 'empty'
      ? problem(Code.FailedPrecondition, 'DIRECTORY_EMPTY', error.message)
      : problem(Code.Unavailable, 'DIRECTORY_UNREACHABLE', error.message);
  }
  if (error instanceof RequestIdReused) {
    const violation = { field: 'request_id', description: error.message };
    return problem(Code.InvalidArgument, 'REQUEST_ID_REUSED', error.message, [violation]);
  }
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return problem(Code.AlreadyExists, 'JOB_ALREADY_RUNNING', `${error.workflowId} is already running`);
  }
  if (error instanceof WorkflowUpdateFailedError) {
    return problem(Code.FailedPrecondition, 'REFUSED_BY_JOB', error.cause?.message ?? error.message);
  }
  if (error instanceof WorkflowNotFoundError || error instanceof NotARun) {
    return problem(Code.NotFound, 'JOB_NOT_FOUND', error.message);
  }
  onInternal(error);
  return problem(Code.Internal, 'INTERNAL', 'the server failed; its log has more');
}
