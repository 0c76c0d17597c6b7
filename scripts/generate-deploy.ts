/** `npm run generate:deploy`: writes the files of deploy/ that follow from the chart; needs Helm. A test finds what is out of date. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { deployFiles } from './dev/deploy-files.js';
import { deployTool } from './dev/deploy-tools.js';

const helm = deployTool('helm');
if (!helm) throw new Error('there is no helm here; npm run deploy-tools builds one with Go');
for (const [path, text] of Object.entries(deployFiles(helm))) {
  await writeFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), text);
}
