import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Activities } from './contract.js';
import { listCustomers } from './directory.js';
import { findRefusedRuns } from './find-refused-runs.js';
import { findWindows } from './find-windows.js';
import { followWindow } from './follow-window.js';
import { listReceivers, notify } from './notify.js';
import { openHours } from './open-hours.js';
import { knownMetrics, probeDatabase } from './probe.js';
import { checkWindows } from './verify.js';
import { withHeartbeats } from './with-heartbeats.js';

const { IndexedValueType } = proto.temporal.api.enums.v1;

/** The activities, with the client and environment of their worker. */
export function createActivities(client: Client, environment: NodeJS.ProcessEnv): Activities {
  return {
    listCustomers: (query) => withHeartbeats(() => listCustomers(query, environment, Context.current())),
    findWindows: (query) => withHeartbeats(() => findWindows(client, query)),
    openHours: async ({ hours, days, max }) => openHours(hours, days, max, Date.now()),
    probeDatabase: (query) => probeDatabase(query, environment),
    knownMetrics: () => withHeartbeats(() => knownMetrics(environment)),
    followWindow: (window) => withHeartbeats(() => followWindow(client, window)),
    checkWindows: (query) => withHeartbeats(() => checkWindows(query, environment)),
    listReceivers: () => listReceivers(environment),
    notify: (delivery) => notify(delivery, environment, Context.current()),
    registeredSearchAttributes: (names) => withHeartbeats(() => registeredSearchAttributes(client, names)),
    findRefusedRuns: () => withHeartbeats(() => findRefusedRuns(client, Context.current().info.taskQueue)),
  };
}

async function registeredSearchAttributes(client: Client, names: string[]): Promise<string[]> {
  const { namespace } = client.options;
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return names.filter((name) => customAttributes?.[name] === IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD);
}
