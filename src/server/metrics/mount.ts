import type { MakeMount } from '../mount.js';
import { HeartbeatGaps } from './heartbeat-gaps.js';
import { metricsOf } from './metrics.js';

/** `/metrics`, from what the server already knows: a scrape asks no run anything. */
export const metricsMount: MakeMount = ({ watch }) => {
  const gaps = new HeartbeatGaps(watch);
  return {
    prefix: '/metrics',
    async handle(_, response) {
      const registry = metricsOf(watch.pictures, gaps.latest(), Date.now());
      response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' });
      response.end(await registry.metrics());
    },
  };
};
