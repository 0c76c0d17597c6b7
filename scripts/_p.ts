import { fleetFrom } from './simulate/fleet.js';
import { january } from './simulate/parameters.js';
import { byHand, ours, sequentialDays, sixtyDays } from './simulate/procedures.js';
for (const [n,p] of [['seq',sequentialDays],['60',sixtyDays(0)],['hand',byHand(0)],['ours',ours]] as const){const t=process.cpuUsage(); for(const c of fleetFrom(1,january)) p(c,january); console.log(n,process.cpuUsage(t).user/1e6);}
