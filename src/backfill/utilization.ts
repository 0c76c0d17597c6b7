/**
 * A utilization is announced when it is in another of the parts that these shares of `maxLoad` cut it into: an answer for
 * each percent would fill the run's history, and the pace moves by no finer steps.
 */
const STEPS = [0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** How many steps a utilization has passed; -1 for one that is not known. */
export const stepOf = ({ utilization }: { utilization?: number | undefined }): number =>
  utilization === undefined ? -1 : STEPS.filter((step) => utilization >= step).length;

/** What an announced utilization says for as long as no other one is announced: `under 25%`. */
export function knownOf(utilization: number): string {
  const next = STEPS[stepOf({ utilization })];
  return next === undefined ? '100% or more' : `under ${Math.round(100 * next)}%`;
}
