import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { daysOf, formatDay, formatTime } from '../hours/calendar.js';
import { hoursIn } from '../hours/interval.js';
import { jsonBytes } from '../json.js';
import type { Customer } from '../state/customer.js';
import type { Ending } from '../state/lifecycle.js';
import { type LogBefore, logChain } from '../state/log-chain.js';
import type { Counts, State } from '../state/state.js';
import { type LeftOut, withCustomersThatFit } from './answer-size.js';
import { type DayCounts, dayCounts } from './day-letters.js';
import { type Attention, attentionOf, totalsOf } from './progress.js';
import { type Proof, proofOf } from './proof.js';

/** What a run leaves behind: its result, and the details of a `BackfillIncomplete` failure. */
export interface Report {
  outcome: Ending;
  cluster: string | null;
  range: { start: string; end: string };
  startedAt: string;
  endedAt: string;
  durationMs: number;
  totals: DayCounts & { windows: Counts };
  /** Only what each customer has of it: zero counts of skipped, failed, held and left days are left out. */
  customers: CustomerReport[];
  /** Only when the report has no room for all: those that are all done are left out first. */
  customersLeftOut?: LeftOut;
  /** What the ETA was at a quarter, half and three quarters of the work, and its error as a share of the duration. */
  forecasts: { share: number; at: string; eta: string; error: number }[];
  /** What was left undone, and why. */
  attention: Attention[];
  /** What shows that the done days are done. */
  proof: Proof;
  /** What shows that the log is whole; reports of releases before 0.2 have none. */
  audit?: Audit;
}

/** The log's chain (see `state/log-chain.ts`), tied to the proof. */
export interface Audit {
  /** How many entries the log had, and the digest of all. */
  entries: number;
  digest: string;
  /** Those that the query `log` no longer has: how many, and their digest. */
  before: LogBefore;
  /** SHA-256 over the proof's digest and the log's, a line feed after each, in hexadecimal. */
  seal: string;
}

export interface CustomerReport {
  id: string;
  /** Its first day, where that is not the run's. */
  start?: string;
  days: number;
  done: number;
  /** Windows that completed. */
  windows: number;
  /** Windows that did not complete, each followed by another try, a hold or a failed day. */
  retries: number;
  /** The time its windows took, in ms. */
  busyMs: number;
  skipped?: string[];
  failed?: string[];
  held?: string[];
  waiting?: string[];
}

const MOST_DAYS = 40;
/** Of the whole report; a result of 2 MB would fail the run at its very end. */
const MAX_BYTES = 1_800_000;

export function reportOf(state: State, outcome: Ending, now: number): Report & { audit: Audit } {
  const rest = {
    outcome,
    cluster: state.options.cluster ?? null,
    range: { start: formatDay(state.options.start), end: formatDay(state.options.end) },
    startedAt: formatTime(state.lifecycle.startedAt),
    endedAt: formatTime(now),
    durationMs: now - state.lifecycle.startedAt,
    totals: { ...totalsOf(state), windows: { ...state.record.counts } },
    forecasts: state.record.forecasts.map(({ share, at, eta }) => ({
      share,
      at: formatTime(at),
      eta: formatTime(eta),
      error: Math.round((100 * (eta - now)) / Math.max(1, now - state.lifecycle.startedAt)) / 100,
    })),
    attention: attentionOf(state),
  };
  const customers = state.customers.map((customer) => customerReport(customer, state.options.start));
  const report = withCustomersThatFit(rest, customers, (customer) => (isDone(customer) ? 1 : 0), isDone);
  const proof = proofOf(state, state.customers, MAX_BYTES - jsonBytes(report));
  const audit = logChain(state.record);
  return { ...report, proof, audit: { ...audit, seal: sealOf(proof.digest, audit.digest) } };
}

/** Ties what was done to who asked for it: neither can be exchanged without the other. */
export const sealOf = (proof: string, log: string): string => bytesToHex(sha256(utf8ToBytes(`${proof}\n${log}\n`)));

const isDone = ({ waiting, failed, held }: CustomerReport) => !waiting && !failed && !held;

function customerReport(customer: Customer, start: number): CustomerReport {
  const { days, done } = dayCounts(customer);
  const report: CustomerReport = {
    id: customer.id,
    ...(customer.start !== start && { start: formatDay(customer.start) }),
    days,
    done,
    windows: customer.record.completed,
    retries: customer.record.unsuccessful,
    busyMs: customer.record.busy,
  };
  for (const name of ['skipped', 'failed', 'held', 'waiting'] as const) {
    const hours = customer.hours[name];
    if (hoursIn(hours) > 0) report[name] = daysOf(hours, MOST_DAYS);
  }
  return report;
}
