#!/usr/bin/env node
// @ts-check
/**
 * A stand-in for kubectl that really forwards TCP. `STAND_IN_KUBECTL` names a JSON file `{"contexts": {"a_dev": "127.0.0.1:7233"}}`;
 * what it is called with, and what becomes of it, is appended to `<file>.log`.
 *
 * SIGHUP: it loses the connection to the pod, and ends. SIGUSR2: it lives on, and forwards nothing any more. SIGALRM: what
 * is sent still arrives, but no answer comes back.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const file = process.env.STAND_IN_KUBECTL ?? '';
const args = process.argv.slice(2);
const { contexts } = JSON.parse(readFileSync(file, 'utf8'));
log(args);

if (args[0] === 'version') console.log(JSON.stringify({ clientVersion: { gitVersion: 'v1.32.0-stand-in' } }));
else if (args[0] === 'config') for (const name of Object.keys(contexts)) console.log(name);
else forward();

function forward() {
  const context = args[args.indexOf('--context') + 1] ?? '';
  const target = contexts[context];
  if (target === undefined) end(`error: context "${context}" does not exist`);
  if (target === 'vpn') end('Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout');
  const [host, port] = target.split(':');
  const localPort = Number(args.at(-1)?.split(':')[0]);
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  /** @type {Set<import('node:net').Socket>} */
  const answers = new Set();
  let frozen = false;

  const server = createServer((local) => {
    console.log(`Handling connection for ${localPort}`);
    const remote = connect(Number(port), host);
    const pair = [local, remote];
    answers.add(remote);
    for (const socket of pair) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        for (const other of pair) other.destroy();
      });
    }
    if (frozen) return;
    local.pipe(remote).pipe(local);
  });
  server.on('error', (error) => {
    console.error(
      `Unable to listen on port ${localPort}: Listeners failed to create with the following errors: [${error.message}]`,
    );
    end(`error: unable to listen on any of the requested ports: [{${localPort} 7233}]`);
  });
  server.listen(localPort, '127.0.0.1', () => console.log(`Forwarding from 127.0.0.1:${localPort} -> ${port}`));
  process.on('SIGHUP', () => end('error: lost connection to pod'));
  process.on('SIGALRM', () => {
    for (const socket of answers) socket.unpipe().pause();
    log(['speechless']);
  });
  process.on('SIGUSR2', () => {
    frozen = true;
    for (const socket of sockets) socket.unpipe().pause();
    log(['frozen']);
  });
}

/** @param {string[]} what it is called with, or what has become of it */
function log(what) {
  appendFileSync(`${file}.log`, `${JSON.stringify({ pid: process.pid, args: what })}\n`);
}

/** @param {string} message @returns {never} */
function end(message) {
  console.error(message);
  process.exit(1);
}
