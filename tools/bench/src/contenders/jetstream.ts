import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AEAD_TAG_BYTES, PROTECTED_HEADER_BYTES } from '@jetstream/protocol';
import { complaint, type Place, Running } from '../processes/running.ts';
import type { Contender, Copied } from './contender.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const JSCP = join(ROOT, 'apps/jscp/bin/jscp.mjs');
const JETSTREAM = join(ROOT, 'apps/server/bin/jetstream.mjs');
const API_LOAD = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/contenders/programs/api-load.js' : './programs/api-load.js',
    import.meta.url,
  ),
);
const IP_AND_UDP_BYTES = 28;

export interface JetStreamOptions {
  name: string;
  about: string;
  /** What jscp learnt about path and host before is kept. */
  remembers?: true;
  /** For node, before the programs. */
  nodeFlags?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  /** Default: what jscp says with --json. */
  figures?: (copied: Copied) => Record<string, number>;
}

/** The programs of this checkout: jscp against `jetstream server`, each with a state of its own. */
export function jetstream(options: JetStreamOptions): Contender {
  const { name, about, remembers, nodeFlags = [], environment = {}, figures } = options;
  const node = [process.execPath, ...nodeFlags];
  let told: string[] = [];
  return {
    name,
    about,
    ours: true,
    ...(remembers && { primed: true }),
    headerBytesPerPacket: headerBytes,
    async prepare(scene) {
      if (!remembers) rmSync(scene.directory, { recursive: true, force: true });
      await authorize(scene.directory);
    },
    serve: (scene) =>
      startServer(scene.receiver, {
        ...{ node, environment, port: scene.port, directory: scene.directory },
        sandbox: dirname(scene.target),
      }),
    progress: { from: 'sender', bytes: ackedBytes },
    copy(scene) {
      const jscp = startJscp(scene.sender, [scene.source, `${scene.receiver.address}:/`], {
        ...{ node, environment, port: scene.port, directory: scene.directory },
      });
      told = [];
      jscp.onLine((line) => {
        if (!line.startsWith('{"event":"file"')) told.push(line);
      });
      return jscp;
    },
    figures: figures ?? (() => figuresIn(told)),
  };
}

/** How a program of ours is started. */
export interface ProgramOptions {
  readonly port: number;
  /** For what it keeps: the same for both programs. */
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
}

/** Lets the identity in `directory`, made if need be, log in to the server that keeps its state there. */
export async function authorize(directory: string): Promise<void> {
  const { config, state } = directories(directory);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const identity = await promisify(execFile)(process.execPath, [JSCP, '--print-identity'], {
    env: { ...process.env, JETSTREAM_CONFIG_DIR: config },
  });
  writeFileSync(join(state, 'authorized_keys'), identity.stdout, { mode: 0o600 });
}

/** Starts `jetstream server`. Resolves when it is ready. */
export async function startServer(
  place: Place,
  options: ProgramOptions & { readonly sandbox: string; readonly api?: true },
): Promise<Running> {
  const { port, directory, sandbox, api, environment = {}, node = [process.execPath] } = options;
  const server = new Running(
    place,
    [
      ...[...node, JETSTREAM, 'server', '--log-level', 'warn'],
      ...(api ? ['--api-host', place.address, '--api-port', String(port)] : ['--no-api']),
      ...['--recv-host', place.address, '--recv-port', String(port)],
      ...['--sandbox-dir', sandbox],
      ...['--persistent-state-dir', directories(directory).state],
    ],
    environment,
  );
  await server.says(/^ready udp=/m);
  return server;
}

/** @param what source and destination */
export function startJscp(place: Place, what: readonly string[], options: ProgramOptions): Running {
  const { port, directory, environment = {}, node = [process.execPath] } = options;
  return new Running(place, [...node, JSCP, '--json', '--accept-new', '-P', String(port), ...what], {
    ...environment,
    JETSTREAM_CONFIG_DIR: directories(directory).config,
    XDG_STATE_HOME: directories(directory).config,
  });
}

/** A program that loads the API: its figures are the last line that it prints. */
export function startApiLoad(
  place: Place,
  what: readonly string[],
  { port, directory, niceness = 0 }: ProgramOptions & { readonly niceness?: number },
): ApiLoad {
  const load = [process.execPath, API_LOAD, String(port), userInfo().username, ...what];
  return new ApiLoad(place, ['nice', '-n', String(niceness), ...load], {
    JETSTREAM_CONFIG_DIR: directories(directory).config,
  });
}

class ApiLoad extends Running {
  /** When it has ended. @throws Error why it has none */
  async result(): Promise<Record<string, number>> {
    const { status, stdout, stderr } = await this.ended;
    if (status !== 0) throw new Error(`api-load ended with status ${status}: ${complaint(stderr)}`);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>;
  }
}

/** @returns undefined when the line of jscp says nothing about it */
export function ackedBytes(line: string): number | undefined {
  return isProgress(line) ? (JSON.parse(line) as { ackedBytes: number }).ackedBytes : undefined;
}

function directories(directory: string): { config: string; state: string } {
  return { config: join(directory, 'config'), state: join(directory, 'state') };
}

/** A packet that holds one DATA frame (PROTOCOL.md §1.3, §2): addresses take 4 bytes below 2^30, 8 above. */
export function headerBytes(contentBytes: number): number {
  const shortShare = Math.min(1, 2 ** 30 / contentBytes);
  const frame = 1 + 1 + (4 * shortShare + 8 * (1 - shortShare)) + 2;
  return IP_AND_UDP_BYTES + PROTECTED_HEADER_BYTES + AEAD_TAG_BYTES + frame;
}

function isProgress(line: string): boolean {
  return line.startsWith('{"event":"progress"');
}

/** From jscp's JSON lines, of which those of single files may be left out. */
export function figuresIn(lines: readonly string[]): Record<string, number> {
  const told = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Told);
  const progress = told.filter(({ event }) => event === 'progress');
  const sending = progress.filter(({ state }) => state === 'transferring').at(-1);
  const known = progress.find(({ totalsFinal }) => totalsFinal);
  const summary = told.find(({ event }) => event === 'summary');
  return {
    ...(sending && { rttMs: sending.rttMs, lossShare: sending.lossShare }),
    ...(known && { [MANIFEST_SECONDS]: known.elapsedMs / 1000 }),
    ...(summary && { [CONTENT_SENT_BYTES]: summary.bytes - summary.presentBytes }),
  };
}

/** When all entries were told; that waits for the receiver. jscp tells at most twice a second. */
const MANIFEST_SECONDS = 'whole manifest told after, s';
export const CONTENT_SENT_BYTES = 'content sent, B';

/** What is read of the lines: docs/CLI.md. */
interface Told {
  event: string;
  state: string;
  rttMs: number;
  lossShare: number;
  totalsFinal: boolean;
  elapsedMs: number;
  bytes: number;
  presentBytes: number;
}
