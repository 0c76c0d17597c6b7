/** From `at` (ms since 1970) on, at most `max` windows may be in flight; 0 while the run may not work. */
export interface HoursStep {
  at: number;
  max: number;
}
