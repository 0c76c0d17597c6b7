import type { PortForwardTarget } from './cluster.js';

/** The program that forwards ports: `kubectl`, unless `KUBECTL` names another one. */
export const kubectlProgram = (environment: NodeJS.ProcessEnv): string => environment.KUBECTL || 'kubectl';

export const portForwardArguments = (target: PortForwardTarget, localPort: number): string[] => [
  '--context',
  target.context,
  '--namespace',
  target.namespace,
  'port-forward',
  '--address',
  '127.0.0.1',
  `svc/${target.service}`,
  `${localPort}:${target.port}`,
];

/** kubectl is missing, or failed: what is wrong, and what to do. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

export function cannotStart(error: NodeJS.ErrnoException, environment: NodeJS.ProcessEnv): KubectlError {
  const program = kubectlProgram(environment);
  const what = error.code === 'ENOENT' ? `${program} is not installed` : `${program} cannot be started (${error.code})`;
  return new KubectlError(
    `${what}; install kubectl (https://kubernetes.io/docs/tasks/tools), or set KUBECTL to its path`,
  );
}

/** A port-forward that ended: kubectl's error output, with advice. */
export function explainEnd(target: PortForwardTarget, errors: readonly string[]): KubectlError {
  return new KubectlError(`kubectl port-forward said: ${lastErrorLine(errors)}; ${adviceFor(target, errors)}`);
}

/** A port-forward that did not become ready in time. */
export function explainTimeout(target: PortForwardTarget, errors: readonly string[]): KubectlError {
  const output = errors.length > 0 ? `, and said: ${lastErrorLine(errors)}` : '';
  return new KubectlError(`kubectl port-forward did not start${output}; ${adviceFor(target, errors)}`);
}

function adviceFor(target: PortForwardTarget, errors: readonly string[]): string {
  const output = errors.join('\n');
  const advice = ADVICE.find(([pattern]) => pattern.test(output))?.[1](target);
  return advice ?? `try it manually: kubectl ${portForwardArguments(target, target.port).join(' ')}`;
}

/** The last line of an error output, short. */
export function lastErrorLine(errors: readonly string[]): string {
  const lines = errors.map(withoutLogHeader).filter((line) => line !== '');
  return (lines.at(-1) ?? 'nothing').slice(0, 300);
}

/** `E0713 17:42:05.922406    2075 portforward.go:233] lost connection to pod` without what precedes the text. */
const withoutLogHeader = (line: string) => line.replace(/^[IWEF]\d{4} .*?\] /, '').trim();

const ADVICE: [RegExp, (target: PortForwardTarget) => string][] = [
  [
    /context .*does not exist|no context exists/i,
    ({ context }) =>
      `fix the context ${context} in the fleet file (kubectl config get-contexts lists them), or get its credentials`,
  ],
  [
    /services? .*not found/i,
    ({ namespace }) => `fix the service in the fleet file (kubectl --namespace ${namespace} get services lists them)`,
  ],
  [
    /namespaces? .*not found/i,
    () => "fix portForward's namespace in the fleet file (kubectl get namespaces lists them)",
  ],
  [/does not have a service port/i, () => "fix portForward's port in the fleet file"],
  [
    /unauthorized|logged in|credential|token .*expired|exec plugin|reauth/i,
    ({ context }) => `log in to the cluster again, until kubectl --context ${context} get namespaces answers`,
  ],
  [/forbidden/i, ({ namespace }) => `request permission to create pods/portforward in ${namespace}`],
  [
    /no (running |ready )?(pods|endpoints)|pod is not running|unable to forward port because pod/i,
    () => 'wait until a pod of the service is running',
  ],
  [
    /refused|timed? ?out|no such host|unable to connect|unreachable|lost connection|EOF|reset by peer/i,
    ({ context }) => `check the VPN, and that kubectl --context ${context} get namespaces answers`,
  ],
];

/** Whether kubectl ended because another program listens on its local port. */
export const isPortTaken = (lines: readonly string[]): boolean =>
  lines.some((line) => /unable to (create listener|listen)|address already in use/i.test(line));
