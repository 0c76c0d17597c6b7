import type { PortForwardTarget } from './cluster.js';

/** The program that forwards ports: `kubectl`, unless `KUBECTL` names another one. */
export const kubectlProgram = (environment: NodeJS.ProcessEnv): string => environment.KUBECTL || 'kubectl';

export const portForwardArguments = (target: PortForwardTarget, localPort: number): string[] => [
  ...['--context', target.context, '--namespace', target.namespace],
  ...['port-forward', '--address', '127.0.0.1', `svc/${target.service}`, `${localPort}:${target.port}`],
];

/** kubectl is missing, or will not do what it was asked: what is wrong, and what to do. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

export function cannotStart(error: NodeJS.ErrnoException, environment: NodeJS.ProcessEnv): KubectlError {
  const program = kubectlProgram(environment);
  const what = error.code === 'ENOENT' ? `${program} is not there` : `${program} can not be started (${error.code})`;
  return new KubectlError(
    `${what}; install kubectl (https://kubernetes.io/docs/tasks/tools), or set KUBECTL to its path`,
  );
}

/** What kubectl's error output means for whoever has to mend it. */
export function explainEnd(target: PortForwardTarget, errors: readonly string[]): KubectlError {
  return new KubectlError(`kubectl port-forward said: ${lastWords(errors)}; ${adviceFor(target, errors)}`);
}

export function explainSilence(target: PortForwardTarget, errors: readonly string[]): KubectlError {
  const said = errors.length > 0 ? `, and said: ${lastWords(errors)}` : '';
  return new KubectlError(`kubectl port-forward did not come up${said}; ${adviceFor(target, errors)}`);
}

function adviceFor(target: PortForwardTarget, errors: readonly string[]): string {
  const output = errors.join('\n');
  const advice = ADVICE.find(([pattern]) => pattern.test(output))?.[1](target);
  return advice ?? `try it by hand: kubectl ${portForwardArguments(target, target.port).join(' ')}`;
}

/** The last line of an error output, short. */
export function lastWords(errors: readonly string[]): string {
  const lines = errors.map(withoutLogHeader).filter((line) => line !== '');
  return (lines.at(-1) ?? 'nothing').slice(0, 300);
}

/** `E0713 17:42:05.922406    2075 portforward.go:233] lost connection to pod` without all that is before the text. */
const withoutLogHeader = (line: string) => line.replace(/^[IWEF]\d{4} .*?\] /, '').trim();

const ADVICE: [RegExp, (target: PortForwardTarget) => string][] = [
  [
    /context .*does not exist|no context exists/i,
    ({ context }) =>
      `mend the context ${context} in the fleet file (kubectl config get-contexts lists them), or get its credentials`,
  ],
  [
    /services? .*not found/i,
    ({ namespace }) => `mend the service in the fleet file (kubectl --namespace ${namespace} get services lists them)`,
  ],
  [
    /namespaces? .*not found/i,
    () => "mend portForward's namespace in the fleet file (kubectl get namespaces lists them)",
  ],
  [/does not have a service port/i, () => "mend portForward's port in the fleet file"],
  [
    /unauthorized|logged in|credential|token .*expired|exec plugin|reauth/i,
    ({ context }) => `log in to the cluster again, until kubectl --context ${context} get namespaces answers`,
  ],
  [/forbidden/i, ({ namespace }) => `ask for the right to create pods/portforward in ${namespace}`],
  [
    /no (running |ready )?(pods|endpoints)|pod is not running|unable to forward port because pod/i,
    () => 'wait until a pod of the service runs',
  ],
  [
    /refused|timed? ?out|no such host|unable to connect|unreachable|lost connection|EOF|reset by peer/i,
    ({ context }) => `check the VPN, and that kubectl --context ${context} get namespaces answers`,
  ],
];

/** Whether kubectl ended because its local port was somebody else's. */
export const isPortTaken = (lines: readonly string[]): boolean =>
  lines.some((line) => /unable to (create listener|listen)|address already in use/i.test(line));
