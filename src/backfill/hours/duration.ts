const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const pattern = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/;

export const DURATION_FORMAT = 'a duration such as "30s", "5m", "1h30m" or "7d"';

/** Milliseconds of `"0s"`, `"500ms"`, `"1h30m"`, `"7d"`; undefined for anything else or for more than ten years. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 40 || !pattern.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(amount) * units[unit as keyof typeof units];
  }
  return total <= 3_660 * units.d ? Math.round(total) : undefined;
}

/** A duration in the two largest units that say something: `2d 3h`, `4m 10s`, `350ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1_000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}
