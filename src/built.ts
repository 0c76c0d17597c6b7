import { fileURLToPath } from 'node:url';

/** A file of the build, the same regardless of whether this file runs from src/ or from dist/. */
const built = (path: string) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));

export const workflowBundle = { codePath: built('workflows.bundle.js') };
export const dataConverter = { payloadConverterPath: built('workflows/payload-converter.js') };
