/** A run that was done long ago: it ends at once, with the report that a run of these days leaves. */
export async function backfillScorecards({
  range,
  customers,
}: {
  range: { start: string; end: string };
  customers: string[];
}) {
  const days = (Date.parse(range.end) - Date.parse(range.start)) / 86_400_000;
  const counts = { running: 0, verifying: 0, waiting: 0, failed: 0, skipped: 0, held: 0 };
  const total = days * customers.length;
  const rows = customers.flatMap((customer) =>
    Array.from({ length: days }, (_, i) => {
      const day = new Date(Date.parse(range.start) + i * 86_400_000).toISOString().slice(0, 10);
      return [customer, day, 1_000, 1_000, `reindexconversations-${customer}-${day}`, `${day}T12:00:00.000Z`, 1, true];
    }),
  );
  return {
    outcome: 'completed',
    cluster: null,
    range,
    startedAt: '2026-02-01T00:00:00.000Z',
    endedAt: '2026-02-02T00:00:00.000Z',
    durationMs: 86_400_000,
    totals: {
      ...counts,
      days: total,
      done: total,
      windows: { started: total, completed: total, failed: 0, adopted: 0 },
    },
    customers: customers.map((id) => ({ id, days, done: days, windows: days, retries: 0, busyMs: 0 })),
    forecasts: [],
    attention: [],
    proof: {
      rows,
      totals: {
        rows: total,
        days: total,
        verifiedDays: total,
        conversations: 1_000 * total,
        scorecards: 1_000 * total,
      },
      omitted: 0,
      digest: '0'.repeat(64),
    },
  };
}
