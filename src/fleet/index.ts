/** What the command line knows of the fleet: which clusters there are, how to reach them, who their customers are. */
export type { Cluster, ClusterSession, DirectoryCustomer, Fleet } from './cluster.js';
export { customersOf } from './customers.js';
export { fleetFromEnvironment } from './environment.js';
export { ClusterUnreachable, FleetFileError } from './errors.js';
export { loadFleet } from './file.js';
export { type OpenOptions, openCluster } from './session.js';
