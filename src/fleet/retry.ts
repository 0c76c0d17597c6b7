import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;
type Metadata = Parameters<Call['start']>[0];
type Listener = NonNullable<Parameters<Call['start']>[1]>;

/** gRPC's number for a call that its client gave up. */
const CANCELLED = 1;

/**
 * Tries calls again for about half a minute when the connection drops. Each attempt sends the very same message: a start,
 * signal, Update or cancel carries the request id that the client gave it, so the server does it once. What is rejected
 * for good is not tried again.
 */
export const retries: Interceptor[] = [
  makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 12 })),
  afterClose,
];

/**
 * An attempt that comes due after the connection was closed is a cancelled call. Without this the SDK's interceptor
 * throws it from a timer, where nobody can catch it, and the process ends.
 */
function afterClose(...[options, nextCall]: Parameters<Interceptor>): Call {
  try {
    return nextCall(options) as Call;
  } catch (error) {
    const details = (error as Error).message;
    const ignore = () => {};
    const cancelled = {
      start(metadata: Metadata, listener: Listener) {
        process.nextTick(() => {
          listener.onReceiveMessage?.(null);
          listener.onReceiveStatus?.({ code: CANCELLED, details, metadata });
        });
      },
      ...{ sendMessageWithContext: ignore, sendMessage: ignore, startRead: ignore, halfClose: ignore },
      ...{ cancelWithStatus: ignore, getPeer: () => '', getAuthContext: () => null },
    };
    // gRPC asks for its own class, but calls no more of it than this.
    return cancelled as unknown as Call;
  }
}
