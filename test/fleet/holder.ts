/** Opens a port-forward, and ends in the way that its argument names, without closing it. */
import { PortForward } from '../../src/fleet/port-forward.js';
import { portForwardTo } from './support.js';

const how = process.argv[2];
await PortForward.open(portForwardTo('a_dev').portForward!, { environment: process.env });
console.log('up');
if (how === 'throw') throw new Error('as asked');
if (how === 'exit') process.exit();
setInterval(() => {}, 1_000);
