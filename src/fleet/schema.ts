import { z } from 'zod';
import { isFields } from '../backfill/json.js';
import { customerId } from '../backfill/request/values.js';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE } from '../connection.js';

const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected });
const matching = (expected: string, pattern: RegExp) =>
  z.string({ error: expected }).regex(pattern, { error: expected });

/** An object whose fields must fit together as `holds` says. Checked even when something else in it is wrong. */
function ruled<Shape extends z.ZodRawShape>(
  shape: Shape,
  messages: { shape: string; rule: string },
  holds: (has: (name: keyof Shape & string) => boolean) => boolean,
) {
  return z
    .strictObject(shape, { error: messages.shape })
    .refine((value) => !isFields(value) || holds((name) => Object.hasOwn(value, name)), {
      error: messages.rule,
      when: () => true,
    });
}

/** An object that has exactly one of these fields. */
function oneOf<Shape extends z.ZodRawShape>(names: (keyof Shape & string)[], shape: Shape, expected: string) {
  return ruled(shape, { shape: expected, rule: expected }, (has) => names.filter(has).length === 1).meta({
    oneOf: names.map((name) => ({ required: [name] })),
  });
}

const path = text('the path of a file').describe('Relative to the folder of this file.');
const SECRET = '{env: NAME} or {file: PATH}: a fleet file says where a secret is, and never contains it';
const secret = oneOf(
  ['env', 'file'],
  {
    env: matching(
      'the NAME of an environment variable, such as TEMPORAL_API_KEY_EU',
      /^[A-Za-z_][A-Za-z0-9_]*$/,
    ).optional(),
    file: path.optional(),
  },
  SECRET,
).describe(`Where the secret is: ${SECRET}.`);

const KUBERNETES_NAME = 'a Kubernetes name: lower-case letters, digits and -';
const kubernetesName = matching(KUBERNETES_NAME, /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
const PORT = 'a port, a whole number from 1 to 65,535';

const portForward = z
  .strictObject(
    {
      context: text('the name of a kubectl context, such as us-east-1-prod_dev').describe(
        'The kubectl context that reaches the cluster.',
      ),
      namespace: kubernetesName.default('temporal').describe('The Kubernetes namespace of the service.'),
      service: kubernetesName.default('temporal-frontend-headless').describe("Temporal's frontend service."),
      port: z
        .int({ error: PORT })
        .min(1, { error: PORT })
        .max(65_535, { error: PORT })
        .default(7233)
        .describe("The service's gRPC port."),
    },
    { error: 'an object {context, namespace?, service?, port?}' },
  )
  .describe('Reach Temporal through `kubectl port-forward`, on a free local port, while a command is running.');

const TLS = 'an object {serverName?, serverCaCert?, clientCert?, clientKey?}';
const tls = z
  .union(
    [
      z.boolean(),
      ruled(
        {
          serverName: text('a host name').optional().describe("The name on the server's certificate."),
          serverCaCert: secret.optional().describe('The certificate authority, PEM.'),
          clientCert: secret.optional().describe('The client certificate, PEM.'),
          clientKey: secret.optional().describe("The client certificate's key, PEM."),
        },
        { shape: TLS, rule: 'clientCert and clientKey together, or neither' },
        (has) => has('clientCert') === has('clientKey'),
      ),
    ],
    { error: `true, false or ${TLS}` },
  )
  .describe('TLS; on by default with an API key.');

const CUSTOMER = 'a customer id or an object {id, conversations?}';
const CONVERSATIONS = 'a whole number of conversations';
const customer = z.union(
  [
    customerId,
    z.strictObject({
      id: customerId,
      conversations: z.int({ error: CONVERSATIONS }).min(0, { error: CONVERSATIONS }).optional(),
    }),
  ],
  { error: CUSTOMER },
);

const DIRECTORY = 'one of {customers: [...]}, {file: PATH} and {sql: QUERY, url: {env: NAME}}';
const directory = ruled(
  {
    customers: z
      .array(customer, { error: 'a list of customers' })
      .min(1, { error: 'at least one customer' })
      .superRefine(eachOnce)
      .optional()
      .describe('The customers themselves: ids, or {id, conversations?}.'),
    file: path
      .optional()
      .describe('A JSON file: a list of ids or {id, conversations?}, or an object of such lists by cluster.'),
    sql: text('a SQL query')
      .optional()
      .describe(
        'A query with $1 cluster, $2 first day, $3 day after the last, that returns id and, if it can, conversations.',
      ),
    url: secret.optional().describe("The database's connection string. The query runs in a read-only transaction."),
  },
  { shape: DIRECTORY, rule: DIRECTORY },
  (has) => [has('customers'), has('file'), has('sql')].filter(Boolean).length === 1 && has('sql') === has('url'),
).describe(`Who the customers are: ${DIRECTORY}. Without it, the directory of the worker is used.`);

function eachOnce(customers: readonly unknown[], context: z.RefinementCtx): void {
  const ids = customers.map((customer) => (typeof customer === 'string' ? customer : (customer as { id: string }).id));
  for (const [i, id] of ids.entries()) {
    const first = ids.indexOf(id);
    const message = `each customer once (it is already at customers[${first}])`;
    if (first < i) context.addIssue({ code: 'custom', path: [i], message });
  }
}

/** The fields of a run's input that can have defaults. The run's own parser checks the values, so that they mean the same. */
const runFields = {
  window: 'The size of a window: "6h", "1d", "10d", "1mo", or {initial, min, max, target}.',
  parallelism:
    'The most windows in flight at once, 1 to 1,000, or {max, min, perCustomer, adaptive}; perCustomer may be "auto".',
  child: 'How the windows are started: {workflowType, taskQueue, workflowIdPrefix, input, encoding, messageType, …}.',
  retry: 'For each class of failure {attempts, backoff, maxBackoff}.',
  operatorTimeout: 'How long a run stays open when only failed or held days are left, such as "7d".',
  probe: "Thresholds on the cluster's database: {maxLoad, criticalLoad, every, whenUnknown}.",
  breaker: 'When a run whose windows mostly fail stops, and tries one by itself: {windows, retryAfter}.',
  hours: 'When the run may work: [{days, from, to, timeZone, max}].',
  exclude: 'Customer ids that are always left out.',
  canary: 'The smallest customers first, until this many windows succeeded.',
  verify: 'What to do when a completed window left something out.',
  notify: "Whether the webhooks of the worker's environment learn of the run's changes.",
  resume: 'Whether hours whose window completed before count as done.',
};
const defaults = z
  .strictObject(
    Object.fromEntries(Object.entries(runFields).map(([name, about]) => [name, z.unknown().describe(about)])),
    { error: `an object with any of ${Object.keys(runFields).join(', ')}` },
  )
  .partial()
  .describe(
    "Default fields of a run's input; the options of a command override them. `null` removes a default of all clusters.",
  );

const REACH = 'exactly one of address and portForward, or a profile that has an address';
const cluster = ruled(
  {
    address: z
      .string({ error: 'an address such as temporal.example.com:7233' })
      .refine(isAddress, { error: 'an address such as temporal.example.com:7233' })
      .optional()
      .describe("Temporal's address, host:port."),
    portForward: portForward.optional(),
    profile: text('the name of a profile')
      .optional()
      .describe('A profile of temporal.toml, for everything that is not set here.'),
    namespace: text('a Temporal namespace')
      .optional()
      .describe(`The Temporal namespace; ${DEFAULT_NAMESPACE} by default.`),
    taskQueue: text('a task queue')
      .default(DEFAULT_TASK_QUEUE)
      .describe("The task queue of the orchestrator's worker."),
    ui: z
      .url({ protocol: /^https?$/, error: 'an address such as https://temporal.example.com' })
      .optional()
      .describe("The address of Temporal's UI, for links on pages."),
    tls: tls.optional(),
    apiKey: secret.optional(),
    directory: directory.optional(),
    defaults: defaults.optional(),
  },
  { shape: 'an object with address, portForward or profile', rule: REACH },
  (has) => (has('address') ? !has('portForward') : has('portForward') || has('profile')),
).describe(`One cluster. It has ${REACH}.`);

function isAddress(address: string): boolean {
  const [, port] = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):(\d{1,5})$/.exec(address) ?? [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

const CLUSTER_NAME = 'a name of 1 to 100 letters, digits and . _ - that starts with a letter or digit';

/**
 * The fleet file, as zod checks it and for editors (`fleet.schema.json`). Every error message says what was expected;
 * every description is what an editor shows.
 */
export const fleetSchema = z
  .strictObject(
    {
      defaults: defaults.optional(),
      clusters: z
        .record(matching(CLUSTER_NAME, /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/), cluster, {
          error: 'the clusters, an object by name',
        })
        .refine((clusters) => Object.keys(clusters).length > 0, { error: 'at least one cluster' })
        .describe("The clusters by name, which is also their runs' label."),
    },
    { error: 'an object with clusters' },
  )
  .describe('The clusters that the backfill command reaches.');

export type FleetDocument = z.output<typeof fleetSchema>;
export type ClusterEntry = FleetDocument['clusters'][string];

/** The schema for editors, which has less than zod: names, types and descriptions. */
export function fleetJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(fleetSchema, { io: 'input' });
  return { $schema, title: 'backfill-scorecards fleet file', ...schema } as JsonSchema;
}

export interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  [keyword: string]: unknown;
}
