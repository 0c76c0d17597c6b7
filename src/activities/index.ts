import type { Client } from '@temporalio/client';
import type { Activities } from './contract.js';
import { listCustomers } from './directory.js';
import { findWindows } from './find-windows.js';
import { followWindow } from './follow-window.js';
import { openHours } from './open-hours.js';
import { probeDatabase } from './probe.js';

/** The activities, with what they need from their process. */
export function createActivities(client: Client, environment: NodeJS.ProcessEnv): Activities {
  return {
    listCustomers: (query) => listCustomers(query, environment),
    findWindows: (query) => findWindows(client, query),
    openHours: async ({ hours, days, max }) => openHours(hours, days, max, Date.now()),
    probeDatabase: (query) => probeDatabase(query, environment),
    followWindow: (window) => followWindow(client, window),
    async registeredSearchAttributes(names) {
      const { namespace } = client.options;
      const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
      return names.filter((name) => Object.hasOwn(customAttributes ?? {}, name));
    },
  };
}
