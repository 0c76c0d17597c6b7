/** A fleet file that cannot be used. The message has a line for each problem, with its line and column in the file. */
export class FleetFileError extends Error {
  override readonly name = 'FleetFileError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** A cluster that is unreachable. The message is a sentence or two: what, why, and what to do. */
export class ClusterUnreachable extends Error {
  override readonly name = 'ClusterUnreachable';

  constructor(
    readonly cluster: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
