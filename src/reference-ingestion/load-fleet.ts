import type pg from 'pg';
import { type Conversation, conversationsOf } from './conversations.js';
import { withClient } from './database.js';
import { defaultSeed, type FleetCustomer, fleet, fleetRange } from './fleet.js';

/** What to load; everything has the recorded fleet as its default. */
export interface LoadOptions {
  customers?: FleetCustomer[];
  /** UTC days, `end` exclusive. */
  range?: { start: string; end: string };
  seed?: number;
}

/** What is loaded afterwards, and how long it took. */
export interface Loaded {
  customers: number;
  conversations: number;
  milliseconds: number;
}

const batchSize = 2_000;

/**
 * Loads a fleet into a migrated database, all or nothing. Loading the same fleet again changes nothing.
 *
 * @throws when one of the customers already has other conversations, for instance those of another scale
 */
export async function loadFleet(databaseUrl: string, options: LoadOptions = {}): Promise<Loaded> {
  const { customers = fleet(), range = fleetRange, seed = defaultSeed } = options;
  const started = performance.now();
  return await withClient(databaseUrl, async (client) => {
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO customers (id, cluster) SELECT * FROM unnest($1::text[], $2::text[])
       ON CONFLICT (id) DO UPDATE SET cluster = excluded.cluster`,
      [customers.map(({ id }) => id), customers.map(({ cluster }) => cluster)],
    );
    const missing = await withoutLoaded(client, customers, range, seed);
    let batch: Conversation[] = [];
    for (const customer of missing) {
      for (const conversation of conversationsOf(customer, range, seed)) {
        if (batch.push(conversation) < batchSize) continue;
        await insert(client, batch);
        batch = [];
      }
    }
    await insert(client, batch);
    await client.query('COMMIT');
    // New tables have no statistics, and the first windows would be planned as if they were empty.
    await client.query('ANALYZE customers, conversations, turns');
    const conversations = customers.reduce((sum, customer) => sum + customer.conversations, 0);
    return { customers: customers.length, conversations, milliseconds: Math.round(performance.now() - started) };
  });
}

async function insert(client: pg.Client, batch: readonly Conversation[]): Promise<void> {
  await client.query(
    `INSERT INTO conversations (customer_id, id, started_at, agent_id, channel, duration_seconds)
     SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::integer[])`,
    [
      batch.map(({ customerId }) => customerId),
      batch.map(({ id }) => id),
      batch.map(({ startedAt }) => startedAt.toISOString()),
      batch.map(({ agentId }) => agentId),
      batch.map(({ channel }) => channel),
      batch.map(({ durationSeconds }) => durationSeconds),
    ],
  );
  const turns = batch.flatMap(({ customerId, id, turns }) =>
    turns.map((turn, position) => ({ customerId, id, position, ...turn })),
  );
  await client.query(
    `INSERT INTO turns (customer_id, conversation_id, position, speaker, at_second, body)
     SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::integer[], $6::text[])`,
    [
      turns.map(({ customerId }) => customerId),
      turns.map(({ id }) => id),
      turns.map(({ position }) => position),
      turns.map(({ speaker }) => speaker),
      turns.map(({ atSecond }) => atSecond),
      turns.map(({ body }) => body),
    ],
  );
}

/** The customers without conversations. Throws for one whose conversations are not those it should have. */
async function withoutLoaded(
  client: pg.Client,
  customers: readonly FleetCustomer[],
  range: { start: string; end: string },
  seed: number,
): Promise<FleetCustomer[]> {
  const { rows } = await client.query<{ customer_id: string; conversations: number; first: Date }>(
    `SELECT customer_id, count(*)::integer AS conversations, min(started_at) AS first
     FROM conversations WHERE customer_id = ANY($1) GROUP BY 1`,
    [customers.map(({ id }) => id)],
  );
  const loaded = new Map(rows.map((row) => [row.customer_id, row]));
  return customers.filter((customer) => {
    const found = loaded.get(customer.id);
    if (found === undefined) return true;
    // Another seed or range gives as many conversations, but not at the same times.
    const [first] = conversationsOf(customer, range, seed);
    const same = found.conversations === customer.conversations && found.first.getTime() === first?.startedAt.getTime();
    if (same) return false;
    throw new Error(
      `customer ${customer.id}: expected ${customer.conversations} conversations from ${first?.startedAt.toISOString()}, ` +
        `got ${found.conversations} from ${found.first.toISOString()}. ` +
        'The database holds a fleet with another scale, seed or range: use an empty database',
    );
  });
}
