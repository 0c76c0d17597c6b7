import { SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { State } from '../backfill/state/state.js';
import { statusOf } from '../backfill/views/status.js';

/** Every search attribute that a run uses where the namespace has it. All are of type Keyword. */
export const SEARCH_ATTRIBUTES = ['BackfillCluster', 'BackfillCustomer', 'BackfillStatus'];

/**
 * What Temporal's own lists show of a run: search attributes. An attribute that the
 * namespace does not have would fail the workflow task indefinitely, so only those known to be registered are used.
 */
export class Visibility {
  private shown = '';

  constructor(public searchAttributes: string[] = []) {}

  show(state: State): void {
    if (this.searchAttributes.length === 0) return;
    const { cluster } = state.options;
    const values = [
      { name: 'BackfillStatus', value: statusOf(state).status },
      ...(cluster === undefined ? [] : [{ name: 'BackfillCluster', value: cluster }]),
    ].filter(({ name }) => this.searchAttributes.includes(name));
    const shown = JSON.stringify(values);
    if (values.length === 0 || shown === this.shown) return;
    this.shown = shown;
    upsertSearchAttributes(values.map(({ name, value }) => ({ key: keyword(name), value })));
  }

  /** The attributes of a customer's window. */
  ofWindow(customer: string) {
    return this.searchAttributes.includes('BackfillCustomer')
      ? [{ key: keyword('BackfillCustomer'), value: customer }]
      : [];
  }
}

const keyword = (name: string) => ({ name, type: SearchAttributeType.KEYWORD });
