import type { MakeMount } from '../mount.js';
import { metricsOf } from './metrics.js';

/** `/metrics`, from what the server already knows: a scrape asks no run anything. */
export const metricsMount: MakeMount = ({ watch }) => ({
  prefix: '/metrics',
  async handle(_, response) {
    const registry = metricsOf(watch.pictures, Date.now());
    response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' });
    response.end(await registry.metrics());
  },
});
