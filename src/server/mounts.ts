import { jobsMount } from './jobs/mount.js';
import { metricsMount } from './metrics/mount.js';
import type { MakeMount } from './mount.js';

/** The parts of the server beside its pages. */
export const MOUNTS: readonly MakeMount[] = [jobsMount, metricsMount];
