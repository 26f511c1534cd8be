// `node tools/picture/picture.mjs`: makes docs/images/copy.svg from what a real copy shows in a real terminal (tmux),
// through a path with 30 ms of delay and some loss.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startLossyProxy } from '../lossy-proxy/src/lossy-proxy.mjs';
import { authorize, startServer } from '../programs/src/programs.mjs';
import { writeFile } from '../programs/src/tree.mjs';
import { renderTerminal } from './render-terminal.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COLUMNS = 96;
const ROWS = 8;

const base = mkdtempSync(join(tmpdir(), 'jetstream-picture-'));
const tmuxSocket = `jetstream-picture-${process.pid}`;
try {
  writeFileSync(join(ROOT, 'docs/images/copy.svg'), renderTerminal(await recordCopy(), COLUMNS));
} finally {
  rmSync(base, { recursive: true, force: true });
}

/** @returns {Promise<string[]>} the lines of the terminal in the middle of the copy, and what the end of it changed */
async function recordCopy() {
  makePhotos(join(base, 'photos'));
  mkdirSync(join(base, 'sandbox'));
  const config = join(base, 'config');
  await authorize(config, join(base, 'state'));
  const server = await startServer(
    ['--recv-host', '127.0.0.1', '--recv-port', '0', '--sandbox-dir', join(base, 'sandbox')].concat([
      '--persistent-state-dir',
      join(base, 'state'),
    ]),
  );
  const proxy = await startLossyProxy({ serverPort: server.port, delayMs: 15, loss: 0.003 });
  try {
    const jscp = `jscp -l 300M -P ${proxy.port} --accept-new photos 127.0.0.1:/photos`;
    tmux('new-session', '-d', '-x', String(COLUMNS), '-y', String(ROWS), '-c', base, shell(config));
    await screenThatShows(/^\$/);
    tmux('send-keys', jscp, 'Enter');
    const during = await screenThatShows(/[456]\d %/);
    const after = await screenThatShows(/^copied /m);
    return [...during, '', ...after.slice(during.length - 2)];
  } finally {
    tmux('kill-server');
    proxy.close();
    await server.stop();
  }
}

/** @param {string} root */
function makePhotos(root) {
  for (let index = 1; index <= 60; index += 1)
    writeFile(join(root, `2026-harbour/img-${1000 + index}.raw`), 4_200_000, index);
  for (let index = 1; index <= 900; index += 1)
    writeFile(join(root, `thumbnails/${1000 + index}.jpg`), 9000 + index, index);
}

/** @param {string} config */
function shell(config) {
  const path = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
  return `env PATH='${path}' JETSTREAM_CONFIG_DIR='${config}' PS1='$ ' bash --norc --noprofile`;
}

/** @param {RegExp} sign */
async function screenThatShows(sign) {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    const screen = tmux('capture-pane', '-p');
    if (sign.test(screen)) return screen.trimEnd().split('\n');
    await delay(50);
  }
  throw new Error(`the terminal never showed ${sign}:\n${tmux('capture-pane', '-p')}`);
}

/** @param {string[]} parameters */
function tmux(...parameters) {
  return execFileSync('tmux', ['-L', tmuxSocket, ...parameters], { encoding: 'utf8' });
}
