import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { PortForwardTarget } from './cluster.js';
import { cannotStart, KubectlError, kubectlProgram, lastErrorLine } from './kubectl.js';

const run = promisify(execFile);
const LIMIT_MS = 15_000;

/**
 * Checks that kubectl is installed and has the context; does not call the cluster itself.
 *
 * @returns kubectl's version
 * @throws KubectlError with a sentence for the operator
 */
export async function checkKubectl(
  { context }: PortForwardTarget,
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string> {
  const ask = async (...args: string[]) => {
    try {
      const options = { env: environment, timeout: LIMIT_MS, ...(signal && { signal }) };
      return (await run(kubectlProgram(environment), args, options)).stdout;
    } catch (error) {
      signal?.throwIfAborted();
      // A number is the exit code of a program that ended; a text is the code of an error that kept it from starting.
      const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
      if (typeof code === 'string') throw cannotStart(error as NodeJS.ErrnoException, environment);
      throw new KubectlError(
        `kubectl ${args.join(' ')} said: ${lastErrorLine(stderr.split('\n'))}; fix the kubectl configuration (KUBECONFIG)`,
      );
    }
  };
  const [version, contexts] = await Promise.all([
    ask('version', '--client', '--output', 'json'),
    ask('config', 'get-contexts', '--output', 'name'),
  ]);
  const known = contexts.split('\n').filter((name) => name !== '');
  if (!known.includes(context)) {
    const has = known.length === 0 ? 'no context at all' : known.slice(0, 20).join(', ');
    throw new KubectlError(
      `kubectl does not have the context ${context}, it has ${has}; fix context in the fleet file, or get its credentials`,
    );
  }
  return versionIn(version);
}

function versionIn(json: string): string {
  try {
    return (JSON.parse(json) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion;
  } catch {
    return 'of an unknown version';
  }
}
