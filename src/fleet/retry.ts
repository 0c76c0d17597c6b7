import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;
type Metadata = Parameters<Call['start']>[0];
type Listener = NonNullable<Parameters<Call['start']>[1]>;

/** gRPC's status code of a cancelled call. */
const CANCELLED = 1;

/**
 * Retries calls for about half a minute when the connection drops. Each attempt sends the same message: a start, signal,
 * Update or cancel carries the request id that the client gave it, so the server executes it once. Calls that are rejected
 * permanently are not retried.
 */
export const retries: Interceptor[] = [
  makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 12 })),
  afterClose,
];

/**
 * An attempt that comes due after the connection was closed becomes a cancelled call. Without this, the SDK's interceptor
 * throws from a timer, where it can't be caught, and the process ends.
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
      sendMessageWithContext: ignore,
      sendMessage: ignore,
      startRead: ignore,
      halfClose: ignore,
      cancelWithStatus: ignore,
      getPeer: () => '',
      getAuthContext: () => null,
    };
    // gRPC's type is a class, but only these methods are called.
    return cancelled as unknown as Call;
  }
}
