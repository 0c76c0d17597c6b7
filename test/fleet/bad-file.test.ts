// Long because it is one table: each mistake that a fleet file may have, with the lines that an operator reads.
import { afterAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../scripts/dev/processes.js';
import { readFleet } from '../../src/fleet/file.js';
import { loadFleet } from '../../src/fleet/index.js';

const project = new URL('../../', import.meta.url);
const nowhere = { HOME: '/nonexistent' };
const exampleFile = new URL('examples/fleet.yaml', project).pathname;

afterAll(() => stopAll());

/** The lines of the error, without the file's name. */
function problems(text: string): string[] {
  try {
    readFleet(text, 'fleet.yaml', nowhere);
    return ['no problem'];
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(/^fleet\.yaml:/, ''));
  }
}

/** A fleet of one cluster, whose fields these lines are; they begin at 3:5. */
const cluster = (...lines: string[]) => ['clusters:', '  a:', ...lines.map((line) => `    ${line}`)].join('\n');

const withDefaults = (...lines: string[]) => cluster('address: x:1', 'defaults:', ...lines.map((line) => `  ${line}`));

const REACH = 'exactly one of address and portForward, or a profile that has an address';

const SECRET = '{env: NAME} or {file: PATH}: a fleet file says where a secret is, and never contains it';

const DIRECTORY = 'one of {customers: [...]}, {file: PATH} and {sql: QUERY, url: {env: NAME}}';

const NAME = 'a name of 1 to 100 letters, digits and . _ - that starts with a letter or digit';

const CUSTOMER_ID =
  'an id of 1 to 200 letters, digits and . _ : @ / + ~ - that starts with a letter or digit and does not end with -';

describe('a bad fleet file is refused with line and column', () => {
  const table: [what: string, text: string, ...lines: string[]][] = [
    ['nothing', '', '1:1: expected an object with clusters, got nothing'],
    ['a comment only', '# clusters\n', '1:1: expected an object with clusters, got nothing'],
    ['a list', '- a\n', '1:1: expected an object with clusters, got ["a"]'],
    ['no clusters', 'defaults: {}\n', '1:1: clusters: expected the clusters, an object by name, got nothing'],
    ['empty clusters', 'clusters: {}\n', '1:11: clusters: expected at least one cluster, got an empty object'],
    [
      'a cluster of nothing',
      'clusters:\n  a:\n',
      '2:3: clusters.a: expected an object with address, portForward or profile, got nothing',
    ],
    [
      'a cluster that is a text',
      'clusters:\n  a: x:1\n',
      '2:6: clusters.a: expected an object with address, portForward or profile, got "x:1"',
    ],
    [
      'a cluster without a way to it',
      cluster('namespace: x'),
      `2:3: clusters.a: expected ${REACH}, got an object with namespace`,
    ],
    [
      'two ways to a cluster',
      cluster('address: x:1', 'portForward: {context: c}'),
      `2:3: clusters.a: expected ${REACH}, got an object with address, portForward`,
    ],
    [
      'a name that no workflow id can hold',
      'clusters:\n  a b: {address: x:1}\n',
      `2:3: clusters.a b: expected ${NAME}`,
    ],
    ['YAML: a tab', 'clusters:\n\ta: {}\n', '2:1: Tabs are not allowed as indentation'],
    [
      'YAML: no end of a list',
      'clusters: [\n',
      '2:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['YAML: no end of a text', 'clusters: "x\n', '2:1: Missing closing "quote'],
    ['YAML: two colons', 'clusters: a: b\n', '1:11: Nested mappings are not allowed in compact mappings'],
    [
      'YAML: a field twice',
      cluster('address: x:1', 'address: y:1'),
      '4:5: expected each name once, got it a second time',
    ],
    [
      'YAML: a cluster twice',
      'clusters:\n  a: {address: x:1}\n  a: {address: y:1}\n',
      '3:3: expected each name once, got it a second time',
    ],
    ['YAML: an alias of nothing', cluster('address: *x'), '3:14: expected an &x before this *x'],
    [
      'YAML: two documents',
      'clusters: {a: {address: x:1}}\n---\na: 1\n',
      '2:1: expected one document, got a second one after ---',
    ],
    ['YAML: a tag', cluster('address: !secret x'), '3:14: Unresolved tag: !secret'],
    [
      'a misspelt field at the top',
      'cluster:\n  a: {address: x:1}\n',
      '1:1: cluster: there is no such field; did you mean clusters?',
      '1:1: clusters: expected the clusters, an object by name, got nothing',
    ],
    [
      'a misspelt field',
      cluster('adress: x:1'),
      '3:5: clusters.a.adress: there is no such field; did you mean address?',
    ],
    [
      'letters exchanged',
      cluster('portForward: {context: c, prot: 1}'),
      '3:31: clusters.a.portForward.prot: there is no such field; did you mean port?',
    ],
    [
      'a field unlike any',
      cluster('portForward: {context: c, zebra: 1}'),
      '3:31: clusters.a.portForward.zebra: there is no such field; known are context, namespace, service, port',
    ],
    [
      'a misspelt field in tls',
      cluster('address: x:1', 'tls: {servername: x}'),
      '4:11: clusters.a.tls.servername: there is no such field; did you mean serverName?',
    ],
    [
      'a misspelt field of a customer',
      cluster('address: x:1', 'directory:', '  customers: [{id: x, conversation: 5}]'),
      '5:27: clusters.a.directory.customers[0].conversation: there is no such field; did you mean conversations?',
    ],
    [
      'an address without a port',
      cluster('address: temporal.example.com'),
      '3:14: clusters.a.address: expected an address such as temporal.example.com:7233, got a text',
    ],
    [
      'an address that is a URL',
      cluster('address: https://x:1'),
      '3:14: clusters.a.address: expected an address such as temporal.example.com:7233, got a text',
    ],
    [
      'an address with a password',
      cluster('address: kim:hunter2@x:1'),
      '3:14: clusters.a.address: expected an address such as temporal.example.com:7233, got a text',
    ],
    [
      'an address with too high a port',
      cluster('address: x:65536'),
      '3:14: clusters.a.address: expected an address such as temporal.example.com:7233, got a text',
    ],
    [
      'a port that is a text',
      cluster('portForward:', '  context: c', '  port: "7233"'),
      '5:13: clusters.a.portForward.port: expected a port, a whole number from 1 to 65,535, got "7233"',
    ],
    [
      'a port out of range',
      cluster('portForward: {context: c, port: 0}'),
      '3:37: clusters.a.portForward.port: expected a port, a whole number from 1 to 65,535, got 0',
    ],
    [
      'no context',
      cluster('portForward:', '  port: 7233'),
      '3:5: clusters.a.portForward.context: expected the name of a kubectl context, such as us-east-1-prod_dev, got nothing',
    ],
    [
      'a service that is a flag',
      cluster('portForward: {context: c, service: --kubeconfig}'),
      '3:40: clusters.a.portForward.service: expected a Kubernetes name: lower-case letters, digits and -, got "--kubeconfig"',
    ],
    [
      'an empty task queue',
      cluster('address: x:1', 'taskQueue: ""'),
      '4:16: clusters.a.taskQueue: expected a task queue, got ""',
    ],
    [
      'a namespace that is a number',
      cluster('address: x:1', 'namespace: 5'),
      '4:16: clusters.a.namespace: expected a Temporal namespace, got 5',
    ],
    [
      'a literal API key',
      cluster('address: x:1', 'apiKey: sk-hunter2'),
      `4:13: clusters.a.apiKey: expected ${SECRET}, got a text`,
    ],
    [
      'an API key in place of its name',
      cluster('address: x:1', 'apiKey: {env: sk-hunter2}'),
      '4:19: clusters.a.apiKey.env: expected the NAME of an environment variable, such as TEMPORAL_API_KEY_EU, got a text',
    ],
    [
      'an API key under another name',
      cluster('address: x:1', 'apiKey: {value: sk-hunter2}'),
      '4:14: clusters.a.apiKey.value: there is no such field; known are env, file',
    ],
    [
      'an API key twice',
      cluster('address: x:1', 'apiKey: {env: A, file: b}'),
      `4:13: clusters.a.apiKey: expected ${SECRET}, got an object with env, file`,
    ],
    [
      'a literal client key',
      cluster(
        'address: x:1',
        'tls:',
        '  clientCert: {env: X}',
        '  clientKey: |',
        '    -----BEGIN PRIVATE KEY-----hunter2',
      ),
      `6:18: clusters.a.tls.clientKey: expected ${SECRET}, got a text`,
    ],
    [
      'a password as a field',
      cluster('address: x:1', 'password: hunter2'),
      '4:5: clusters.a.password: there is no such field; known are address, portForward, profile, namespace, taskQueue, ui, tls, apiKey, directory, defaults',
    ],
    [
      'tls that is a number',
      cluster('address: x:1', 'tls: 1'),
      '4:10: clusters.a.tls: expected true, false or an object {serverName?, serverCaCert?, clientCert?, clientKey?}, got a number',
    ],
    [
      'a certificate without its key',
      cluster('address: x:1', 'tls: {clientCert: {file: x.pem}}'),
      '4:10: clusters.a.tls: expected clientCert and clientKey together, or neither, got an object with clientCert',
    ],
    [
      'a connection string in the directory',
      cluster('address: x:1', 'directory: {sql: SELECT 1, url: postgresql://kim:hunter2@x/y}'),
      `4:37: clusters.a.directory.url: expected ${SECRET}, got a text`,
    ],
    [
      'SQL without its database',
      cluster('address: x:1', 'directory: {sql: SELECT 1}'),
      `4:16: clusters.a.directory: expected ${DIRECTORY}, got an object with sql`,
    ],
    [
      'two directories',
      cluster('address: x:1', 'directory: {file: x, customers: [a]}'),
      `4:16: clusters.a.directory: expected ${DIRECTORY}, got an object with file, customers`,
    ],
    [
      'an empty list of customers',
      cluster('address: x:1', 'directory: {customers: []}'),
      '4:28: clusters.a.directory.customers: expected at least one customer, got []',
    ],
    [
      'a customer that is a number',
      cluster('address: x:1', 'directory: {customers: [a, 5]}'),
      '4:32: clusters.a.directory.customers[1]: expected a customer id or an object {id, conversations?}, got 5',
    ],
    [
      'a customer id of another kind',
      cluster('address: x:1', 'directory:', '  customers:', '    - a', '    - "b c"'),
      `7:11: clusters.a.directory.customers[1]: expected ${CUSTOMER_ID}, got "b c"`,
    ],
    [
      'a customer twice',
      cluster('address: x:1', 'directory: {customers: [a, b, {id: a}]}'),
      '4:35: clusters.a.directory.customers[2]: expected each customer once (it is already at customers[0]), got an object with id',
    ],
    [
      'a volume that is a text',
      cluster('address: x:1', 'directory: {customers: [{id: a, conversations: many}]}'),
      '4:52: clusters.a.directory.customers[0].conversations: expected a whole number of conversations, got "many"',
    ],
    [
      'a misspelt default',
      withDefaults('windwo: 1d'),
      '5:7: clusters.a.defaults.windwo: there is no such field; did you mean window?',
    ],
    [
      'a default that only a run can have',
      withDefaults('start: 2026-01-01'),
      '5:7: clusters.a.defaults.start: there is no such field; known are window, parallelism, child, retry, operatorTimeout, probe, breaker, hours, exclude, canary, verify, notify, resume',
    ],
    [
      'a bad default',
      withDefaults('operatorTimeout: 7 days'),
      expect.stringMatching(/^5:24: clusters\.a\.defaults\.operatorTimeout: expected a duration .*, got "7 days"$/),
    ],
    [
      'a bad default deep inside',
      withDefaults('retry:', '  timeout:', '    attempts: many'),
      '7:21: clusters.a.defaults.retry.timeout.attempts: expected a whole number from 1 to 1,000, got "many"',
    ],
    [
      'a misspelt field deep inside a default',
      withDefaults('parallelism: {max: 2, adaptiv: true}'),
      '5:29: clusters.a.defaults.parallelism.adaptiv: there is no such field',
    ],
    [
      'working hours',
      withDefaults('hours:', '  - {from: "22:00", to: "6:00", timeZone: Mars/Base}'),
      expect.stringMatching(/^6:31: clusters\.a\.defaults\.hours\[0\]\.to: expected a time of day/),
      '6:49: clusters.a.defaults.hours[0].timeZone: expected an IANA time zone such as "Europe/Berlin", got "Mars/Base"',
    ],
    [
      'a message type without its encoding',
      withDefaults('child: {messageType: a.B}'),
      '5:28: clusters.a.defaults.child.messageType: expected only with child.encoding "json/protobuf", got "a.B"',
    ],
    [
      'a bad default of all clusters',
      'defaults:\n  canary: -1\nclusters:\n  a: {address: x:1}\n  b: {address: y:1}\n',
      '2:11: defaults.canary: expected a whole number from 0 to 100,000, got -1',
    ],
    [
      'defaults that do not go together',
      'defaults:\n  parallelism: {max: 8, min: 4}\nclusters:\n  a: {address: x:1}\n  b:\n    address: y:1\n    defaults:\n      parallelism: {max: 2}\n',
      '8:7: clusters.b.defaults.parallelism.min: expected at most parallelism.max, 2, got 4',
    ],
    [
      'a profile that is not there',
      cluster('profile: prod'),
      "3:14: clusters.a.profile: expected a profile of temporal.toml (TEMPORAL_CONFIG_FILE names another file), got: Profile 'prod' not found in config data",
    ],
    [
      'several problems, in the order of the file',
      cluster('apiKey: x', 'address: x', 'port: 1'),
      `3:13: clusters.a.apiKey: expected ${SECRET}, got a text`,
      '4:14: clusters.a.address: expected an address such as temporal.example.com:7233, got a text',
      expect.stringMatching(/^5:5: clusters\.a\.port: there is no such field/),
    ],
  ];

  it.for(table)('%s', ([, text, ...lines]) => {
    expect(problems(text)).toEqual(lines);
    expect(problems(text).join('\n')).not.toContain('hunter2');
  });

  it('and with its name, if it does not exist or cannot be read', async () => {
    await expect(loadFleet('/nonexistent/fleet.yaml')).rejects.toThrow(
      `/nonexistent/fleet.yaml: there is no such file; name another file with --fleet, or start from a copy of ${exampleFile}`,
    );
    await expect(loadFleet('/')).rejects.toThrow('/: it cannot be read (EISDIR)');
  });
});
