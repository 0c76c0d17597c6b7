import type { MakeMount } from '../mount.js';
import { metricsOf } from './metrics.js';

/** `/metrics`, from the pictures that pages share: scrapes cost a cluster one question an interval, like any other look. */
export const metricsMount: MakeMount = ({ watch }) => ({
  prefix: '/metrics',
  async handle(_, response) {
    await watch.look();
    const registry = metricsOf(watch.pictures, Date.now());
    response.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' });
    response.end(await registry.metrics());
  },
});
