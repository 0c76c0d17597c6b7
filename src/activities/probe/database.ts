import type { Context } from '@temporalio/activity';
import { Database } from '../database.js';
import { DatabaseTrouble } from '../database-trouble.js';
import type { Look } from './levels.js';
import { METRICS, type Memory, NoValue, ownMetrics } from './metrics.js';

const SECONDS = 5;

export interface ProbedDatabaseOptions {
  url: string;
  /** A JSON file with the operators' own metrics. */
  queriesFile: string | undefined;
  memory: Memory;
  /** Of the activity that probes; undefined in the command. */
  context?: Context;
}

/**
 * One connection, kept between looks, so that a server that has no connections left still answers. No part of the
 * connection string is in any of its messages.
 */
export class ProbedDatabase {
  private readonly database: Database;

  constructor(private readonly options: ProbedDatabaseOptions) {
    this.database = new Database({ ...options, purpose: 'probe', seconds: SECONDS });
  }

  /** The values of these metrics, each measured in a separate transaction. Never throws; every wait is limited. */
  async look(metrics: readonly string[]): Promise<Look> {
    const values: Record<string, number> = {};
    const missing: Record<string, string> = {};
    const ask = async (sql: string) => (await this.database.read(sql)).rows;
    try {
      const known = { ...METRICS, ...(await ownMetrics(this.options.queriesFile)) };
      for (const name of metrics) {
        try {
          if (!Object.hasOwn(known, name))
            throw new NoValue(`unknown metric; known are ${Object.keys(known).join(', ')}`);
          values[name] = await known[name]!(ask, this.options.memory);
        } catch (error) {
          if (error instanceof DatabaseTrouble && error.kind.lost) throw error;
          missing[name] = `${name}: ${(error as Error).message}`;
        }
      }
      return { values, missing };
    } catch (error) {
      return { unknown: (error as Error).message };
    }
  }

  /** Closes the connection without waiting for the server. */
  close(): void {
    this.database.close();
  }
}
