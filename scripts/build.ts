/** `npm run build`: makes `dist/` current. */
import { build } from './dev/build.js';

try {
  await build();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
