import { ApplicationFailure } from '@temporalio/workflow';
import { describeIssues, type Issue } from '../backfill/request/issue.js';

/** The failure of a run whose input is wrong: it names every wrong field. */
export function invalidInput(issues: Issue[]): ApplicationFailure {
  return ApplicationFailure.nonRetryable(describeIssues(issues), 'InvalidInput', issues.slice(0, 100));
}
