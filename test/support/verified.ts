/** What the tests of checks and of the proof share: a run that verifies, and what it says of itself. */

import { dayLetters } from '../../src/backfill/views/day-letters.js';
import { proofOf } from '../../src/backfill/views/proof.js';
import { backfill, type Story } from './story.js';

export const days = ({ state }: Story, index = 0) => dayLetters(state.customers[index]!);

export const proof = ({ state }: Story) => proofOf(state, state.customers, 1e6);

export const cvs = (mode: string, input: object = {}) => backfill({ customers: ['cvs'], verify: mode, ...input });

export const month = { window: '1mo' };

export const all = 'cvs-2026-01-01--2026-01-04';
