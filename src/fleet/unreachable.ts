import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { type ConnectionOptions, isGrpcServiceError } from '@temporalio/client';
import { KubectlError } from './kubectl.js';

const SECONDS = 5;
const GRPC_PERMISSION_DENIED = 7;
const GRPC_UNAUTHENTICATED = 16;

/** No answer from an address: why, and what to do, as the end of a sentence. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * Finds out at once what a gRPC channel reports only after its whole time limit, and without the reason: that nothing
 * listens at an address, or that TLS with it fails.
 *
 * @throws NoAnswer
 */
export async function checkAddress(address: string, tls: Tls, environment: NodeJS.ProcessEnv): Promise<void> {
  // Behind a proxy, the address may be reachable for gRPC only.
  if (['grpc_proxy', 'https_proxy', 'http_proxy'].some((name) => environment[name])) return;
  const target = hostAndPort(address);
  try {
    await waitFor(connect(target), 'connect');
  } catch (error) {
    throw new NoAnswer(`${address} ${refusal((error as NodeJS.ErrnoException).code)}`, { cause: error });
  }
  if (!tls) return;
  try {
    await waitFor(connectTls({ ...target, ...tlsOptions(tls, target.host) }), 'secureConnect');
  } catch (error) {
    const { reason, message } = error as Error & { reason?: string };
    throw new NoAnswer(`TLS with ${address} fails: ${reason ?? message}; check tls in the fleet file`, {
      cause: error,
    });
  }
}

async function waitFor(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  try {
    await once(socket, event, { signal: AbortSignal.timeout(SECONDS * 1_000) });
  } finally {
    socket.destroy();
  }
}

/** As in gRPC: the requested name is the one given, or else the host, unless that is an IP address. */
function tlsOptions(tls: Exclude<Tls, false | null | undefined>, host: string): TlsOptions {
  const { serverNameOverride, serverRootCACertificate: ca, clientCertPair } = tls === true ? ({} as TlsConfig) : tls;
  const servername = serverNameOverride ?? (isIP(host) ? undefined : host);
  return {
    ALPNProtocols: ['h2'],
    ...(servername && { servername }),
    ...(ca && { ca: Buffer.from(ca) }),
    ...(clientCertPair && { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  };
}

type Tls = ConnectionOptions['tls'];
type TlsConfig = Exclude<NonNullable<Tls>, boolean>;

/** A profile's address may leave out the port. */
function hostAndPort(address: string): { host: string; port: number } {
  const [, host = '', port = '7233'] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  return { host, port: Number(port) };
}

function refusal(code: string | undefined): string {
  if (code === 'ECONNREFUSED') return 'refuses connections; check that Temporal runs there, and the address';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'has an unknown host name; check the address and the VPN';
  if (code === 'ABORT_ERR' || code === 'ETIMEDOUT')
    return `does not answer within ${SECONDS} s; check the VPN, and the address`;
  return `cannot be connected to (${code}); check the address and the VPN`;
}

/**
 * Why a cluster is unreachable, and what to do about it.
 *
 * @param kubectl the last line of its error output, for a port-forward
 */
export function whyUnreachable(error: unknown, address: string, kubectl?: string): string {
  if (error instanceof KubectlError || error instanceof NoAnswer) return error.message;
  const cause = (error as Error).cause;
  if (isGrpcServiceError(cause)) {
    const { code, details } = cause;
    if (code === GRPC_UNAUTHENTICATED || code === GRPC_PERMISSION_DENIED) {
      return `the server refuses these credentials (${details}); check apiKey, or the client certificate in tls`;
    }
    return `the server answers with an error (${details}); check that Temporal is healthy`;
  }
  // Only the SDK's own time limit: something accepts connections, but does not speak gRPC.
  if (/deadline/i.test((error as Error).message)) {
    return kubectl === undefined
      ? `something at ${address} accepts connections but does not answer as Temporal does; check the address, and tls`
      : `the port-forward is up, but Temporal does not answer through it (kubectl said: ${kubectl}); check portForward's service and port, and tls`;
  }
  return (error as Error).message;
}
