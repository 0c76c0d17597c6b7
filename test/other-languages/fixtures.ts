/** The recorded failures, as the errors that the SDK makes of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { FailureClass } from '../../src/backfill/failures/classify.js';
import type { FailureLink } from '../../src/backfill/failures/link.js';

export interface FailureFixture {
  name: string;
  language: string;
  sdkVersion: string;
  kind: string;
  expectedClass: FailureClass;
  /** `temporal.api.failure.v1.Failure` as proto JSON. */
  failure: object;
  /** What a client's `handle.result()` led to, where its causes differ from the parent's. */
  client?: FailureLink[];
}

const folder = new URL('../fixtures/failures/', import.meta.url);

export const failureFixtures: readonly FailureFixture[] = readdirSync(folder)
  .sort()
  .map((file) => ({ name: file.replace(/\.json$/, ''), ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }));

/** The way that the SDK goes from the wire to what `executeChild` throws. */
export function errorOf(failure: object): Error {
  const message = proto.temporal.api.failure.v1.Failure.fromObject(failure);
  return new DefaultFailureConverter().failureToError(message, defaultPayloadConverter);
}
