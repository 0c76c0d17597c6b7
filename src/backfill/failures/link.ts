/** One link of a failure's cause chain, outermost first, as plain JSON. */
export interface FailureLink {
  kind: 'child' | 'activity' | 'application' | 'timeout' | 'cancelled' | 'terminated' | 'server' | 'other';
  message: string;
  /** An application failure's type: a class name in most SDKs. */
  type?: string;
  nonRetryable?: boolean;
  /** `HEARTBEAT`, `START_TO_CLOSE`, `SCHEDULE_TO_CLOSE`, `SCHEDULE_TO_START`, or `EXECUTION` for a whole workflow. */
  timeoutType?: string;
  retryState?: string;
  details?: unknown[];
}
