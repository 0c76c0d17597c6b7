import { once } from 'node:events';
import { connect } from 'node:net';
import { isGrpcServiceError } from '@temporalio/client';
import { KubectlError } from './kubectl.js';

const SECONDS = 5;
const GRPC_PERMISSION_DENIED = 7;
const GRPC_UNAUTHENTICATED = 16;

/** Nothing answers there: why, and what to do, as the end of a sentence. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Finds out at once what a gRPC channel tells only after its whole time limit, and without the reason: that nothing
 * listens at an address.
 *
 * @throws NoAnswer
 */
export async function checkAddress(address: string, environment: NodeJS.ProcessEnv): Promise<void> {
  // Through a proxy the address may be reachable for gRPC only.
  if (['grpc_proxy', 'https_proxy', 'http_proxy'].some((name) => environment[name])) return;
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  if (!host) return;
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(SECONDS * 1_000) });
  } catch (error) {
    throw new NoAnswer(`${address} ${refusal((error as NodeJS.ErrnoException).code)}`, { cause: error });
  } finally {
    socket.destroy();
  }
}

function refusal(code: string | undefined): string {
  if (code === 'ECONNREFUSED') return 'refuses connections; check that Temporal runs there, and the address';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'has a host name that is not known; check the address and the VPN';
  if (code === 'ABORT_ERR' || code === 'ETIMEDOUT')
    return `does not answer within ${SECONDS} s; check the VPN, and the address`;
  return `can not be connected to (${code}); check the address and the VPN`;
}

/**
 * Why a cluster can't be reached, and what to do about it.
 *
 * @param way the address, or what a port-forward said last
 */
export function whyUnreachable(error: unknown, address: string, forwardErrors: string | undefined): string {
  if (error instanceof KubectlError || error instanceof NoAnswer) return error.message;
  const cause = (error as Error).cause;
  if (isGrpcServiceError(cause)) {
    const { code, details } = cause;
    if (code === GRPC_UNAUTHENTICATED || code === GRPC_PERMISSION_DENIED) {
      return `the server refuses who is asking (${details}); check apiKey, or the client certificate in tls`;
    }
    return `the server answers with an error (${details}); check that Temporal is healthy`;
  }
  // The SDK's own time limit, and nothing more precise: something accepts connections, and does not speak gRPC.
  if (/deadline/i.test((error as Error).message)) {
    return forwardErrors === undefined
      ? `something at ${address} accepts connections but does not answer as Temporal does; check the address, and tls`
      : `the port-forward is up, but Temporal does not answer through it (kubectl said: ${forwardErrors}); check portForward's service and port, and tls`;
  }
  return (error as Error).message;
}
