/** The fleet: which clusters there are, how to reach them, and which customers they have. */
export type { Cluster, ClusterSession, DirectoryCustomer, Fleet } from './cluster.js';
export { customersOf } from './customers.js';
export { fleetFromEnvironment } from './environment.js';
export { ClusterUnreachable, FleetFileError } from './errors.js';
export { loadFleet } from './file.js';
export { type OpenOptions, openCluster } from './session.js';
