/** `npm run deploy-tools`: what the tests of deploy/ need beside podman. */
import { installDeployTools } from './dev/deploy-tools.js';

await installDeployTools();
