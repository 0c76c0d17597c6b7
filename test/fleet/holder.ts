/** Opens a port-forward and never closes it. */
import { PortForward } from '../../src/fleet/port-forward.js';
import { portForwardTo } from './support.js';

await PortForward.open(portForwardTo('a_dev').portForward!, { environment: process.env });
console.log('up');
setInterval(() => {}, 1_000);
