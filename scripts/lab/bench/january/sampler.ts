import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const EVERY_MS = 200;

/** Looks at the database's sessions all the while, as its operators would. */
export class Sampler {
  peakBlocked = 0;
  peakActive = 0;
  private blocked = 0;
  private stopped = false;
  private lost: Error | undefined;
  private readonly looking: Promise<void>;

  constructor(databaseUrl: string) {
    this.looking = this.look(databaseUrl).catch((error: Error) => {
      this.lost = error;
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.looking;
    if (this.lost) throw this.lost;
  }

  /** Resolves once so many sessions have been blocked in each look for so long; never, if they are not. */
  async stress(sessions: number, forMs: number, signal: AbortSignal): Promise<void> {
    for (let since = Date.now(); Date.now() - since < forMs; ) {
      await sleep(EVERY_MS, undefined, { signal });
      if (this.blocked < sessions) since = Date.now();
    }
  }

  private async look(databaseUrl: string): Promise<void> {
    const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench sampler' });
    // The next look fails of the same cause, and says so.
    client.on('error', () => {});
    await client.connect();
    while (!this.stopped) {
      const { rows } = await client.query<{ blocked: number; active: number }>(
        `SELECT count(*) FILTER (WHERE wait_event_type = 'Lock')::integer AS blocked,
           count(*) FILTER (WHERE state = 'active')::integer AS active
         FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      const { blocked, active } = rows[0]!;
      this.blocked = blocked;
      this.peakBlocked = Math.max(this.peakBlocked, blocked);
      this.peakActive = Math.max(this.peakActive, active);
      await sleep(EVERY_MS);
    }
    await client.end();
  }
}
