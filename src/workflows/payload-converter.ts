import {
  defaultPayloadConverter,
  METADATA_ENCODING_KEY,
  type Payload,
  type PayloadConverter,
} from '@temporalio/common';

/**
 * Reads any payload, of any SDK: a Go child's protobuf result, a signal in some other encoding, bytes that claim to
 * be JSON and are not. The SDK's own converter throws at these, which fails the workflow task indefinitely and takes the
 * run down with it. Writing is the SDK's.
 */
class LenientPayloadConverter implements PayloadConverter {
  toPayload<T>(value: T): Payload {
    return defaultPayloadConverter.toPayload(value);
  }

  fromPayload<T>(payload: Payload): T {
    try {
      const encoding = new TextDecoder().decode(payload.metadata?.[METADATA_ENCODING_KEY] ?? undefined);
      if (encoding === 'json/protobuf') return JSON.parse(new TextDecoder().decode(payload.data ?? undefined)) as T;
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch {
      return UNREADABLE as T;
    }
  }
}

/** What stands for a payload that can't be read: no schema accepts it, and it says why where it is shown. */
const UNREADABLE = 'a payload that is not JSON';

export const payloadConverter = new LenientPayloadConverter();
