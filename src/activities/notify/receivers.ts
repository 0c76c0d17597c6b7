import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { formatTime } from '../../backfill/hours/calendar.js';
import { NOTIFICATION_TYPES, type Notification } from '../../backfill/state/notifications.js';
import type { Delivery } from '../contract.js';

const VARIABLE = 'BACKFILL_WEBHOOK_URLS_FILE';

const EXPECTED = 'a list of {url, secret?, format?, events?}';
const secret = z.string().refine(isSecret, { error: 'a secret of Standard Webhooks, "whsec_" and base64' });
const receivers = z
  .array(
    z.strictObject({
      url: z.url({ protocol: /^https?$/, error: 'an http or https address' }),
      secret: z
        .union([secret, z.array(secret).min(1)], { error: 'a secret "whsec_…", or several, the new one first' })
        .optional(),
      format: z.enum(['standard', 'slack'], { error: '"standard" or "slack"' }).optional(),
      events: z.array(z.enum(NOTIFICATION_TYPES, { error: `any of ${NOTIFICATION_TYPES.join(', ')}` })).optional(),
    }),
    { error: EXPECTED },
  )
  .min(1, { error: `${EXPECTED}, at least one` });

/** A webhook of the worker's environment. */
export interface Receiver {
  /** What histories and logs call it: a part of the digest of its address, since the address itself is a secret. */
  key: string;
  url: string;
  secrets: string[];
  format: 'standard' | 'slack';
  /** Undefined: all. */
  events?: string[];
}

/** @throws Error with a sentence that names the wrong field, and never a value: values are addresses and secrets */
export async function readReceivers(environment: NodeJS.ProcessEnv): Promise<Receiver[]> {
  const path = environment[VARIABLE];
  if (!path) throw new Error(`the worker's environment lacks ${VARIABLE}`);
  const parsed = receivers.safeParse(await readJson(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`the file in ${VARIABLE}: ${issue!.path.join('.') || 'it'} is not ${issue!.message}`);
  }
  return parsed.data.map(({ url, secret = [], format = 'standard', events }) => ({
    key: createHash('sha256').update(url).digest('hex').slice(0, 12),
    url,
    secrets: [secret].flat(),
    format,
    ...(events && { events }),
  }));
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`the file in ${VARIABLE} can't be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`the file in ${VARIABLE} is not JSON`);
  }
}

function isSecret(text: string): boolean {
  try {
    new Webhook(text);
    return true;
  } catch {
    return false;
  }
}

/** A request's headers and body. Its id follows from the run and the event, so that every attempt is the same message. */
export function messageOf(
  { format, secrets }: Receiver,
  delivery: Delivery,
  notification: Notification,
  now = new Date(),
): { headers: Record<string, string>; body: string } {
  const { workflowId, firstRunId, cluster } = delivery;
  const { number, at, type, ...data } = notification;
  const command = data.command && cluster !== undefined ? `backfill ${data.command} ${cluster}` : undefined;
  const headers = { 'content-type': 'application/json', 'user-agent': 'backfill-scorecards' };
  if (format === 'slack') {
    return { headers, body: JSON.stringify({ text: slackText(delivery, notification, command) }) };
  }
  const id = `${firstRunId}-${number}-${at}`;
  const body = JSON.stringify({
    type,
    timestamp: formatTime(at),
    data: { number, workflowId, runId: firstRunId, cluster: cluster ?? null, ...data, command },
  });
  const signature = secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' ');
  return {
    headers: {
      ...headers,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      ...(signature && { 'webhook-signature': signature }),
    },
    body,
  };
}

function slackText({ workflowId, cluster }: Delivery, { text, next }: Notification, command?: string): string {
  const lines = [
    `*${cluster ?? workflowId}* ${text}`,
    ...(next ? [`Next: ${next}`] : []),
    ...(command ? [`\`${command}\``] : []),
  ];
  // Slack's own escapes: anything else would be a link or a mention.
  return lines.join('\n').replace(/[&<>]/g, (sign) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt' }[sign]};`);
}
