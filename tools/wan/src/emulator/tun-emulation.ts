import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { JetStreamError } from '@jetstream/protocol';
import type { Direction, DirectionChanges } from '../direction-options.ts';
import { DEVICE_NAME, type Emulation, MTU_BYTES } from '../emulation.ts';
import { run } from '../namespaces/commands.ts';
import { configureEnds } from '../namespaces/ends.ts';
import type { WanSettings } from '../wan-options.ts';
import type { WanReport } from '../wan-report.ts';
import type { EmulatorAnswer, EmulatorOptions, EmulatorRequest } from './emulator-messages.ts';

// Run from source (tests), the program is the built one: not every Node we support runs TypeScript.
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/emulator/main.js' : './main.js', import.meta.url),
);
/** Packets that wait in the device until the emulator reads: enough that none is lost where nothing is counted. */
const DEVICE_QUEUE_PACKETS = 20_000;

/** Starts the emulator and brings both devices up. */
export async function startTunEmulation(
  namespaces: { a: string; b: string },
  settings: WanSettings,
): Promise<Emulation> {
  const emulation = new TunEmulation({ ...settings, deviceName: DEVICE_NAME, namespaces });
  try {
    await emulation.ready;
    await configureEnds(namespaces, [
      `link set ${DEVICE_NAME} mtu ${MTU_BYTES} txqueuelen ${DEVICE_QUEUE_PACKETS} up`,
    ]);
    return emulation;
  } catch (error) {
    await emulation.close();
    throw emulation.failure ?? error; // if it ended by itself, that is the cause
  }
}

class TunEmulation implements Emulation {
  readonly failed: Promise<Error>;
  readonly ready: Promise<EmulatorAnswer>;
  readonly #child: ChildProcess;
  readonly #namespaces: { a: string; b: string };
  readonly #waiting: { resolve: (answer: EmulatorAnswer) => void; reject: (error: Error) => void }[] = [];
  readonly #ended: Promise<void>;
  /** Why it ended without being closed. */
  failure: Error | undefined;
  #closing = false;

  constructor(options: EmulatorOptions) {
    this.#namespaces = options.namespaces;
    // A session of its own: Ctrl-C in the terminal must leave it alive to report.
    const child = spawn(process.execPath, ['--single-threaded', PROGRAM, JSON.stringify(options)], {
      detached: true,
      env: { ...process.env, JETSTREAM_PORTABLE: undefined }, // which is for the ends: here is no other way
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    child.stderr!.on('data', (bytes) => {
      said += bytes;
    });
    child.stdin!.on('error', () => {}); // it ended, which 'close' tells
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line) as EmulatorAnswer);
    });
    const { promise: failed, resolve: fail } = deferred<Error>();
    this.failed = failed;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        said = error.message;
      });
      child.once('close', (status, signal) => {
        const what = `the emulator ended (${signal ?? status}): ${lastWords(said)}`;
        if (!this.#closing) this.failure = new JetStreamError('internal', what);
        for (const { reject } of this.#waiting.splice(0)) reject(new JetStreamError('internal', what));
        if (this.failure) fail(this.failure);
        resolve();
      });
    });
    this.ready = this.#answer();
  }

  async change(direction: Direction, changes: DirectionChanges): Promise<void> {
    await this.#ask({ do: 'change', direction, changes });
  }

  async report(): Promise<WanReport> {
    const answer = await this.#ask({ do: 'report' });
    if (answer.answer !== 'report') throw new JetStreamError('internal', 'the emulator answered out of turn');
    const { report } = answer;
    const { a, b } = this.#namespaces;
    report['a-to-b'].lostByEmulation += await droppedByDevice(a);
    report['b-to-a'].lostByEmulation += await droppedByDevice(b);
    return report;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#child.stdin!.end();
    await this.#ended;
  }

  #ask(request: EmulatorRequest): Promise<EmulatorAnswer> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return this.#answer();
  }

  #answer(): Promise<EmulatorAnswer> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}

/** Packets that the device threw away because the emulator came too late to read them. */
async function droppedByDevice(namespace: string): Promise<number> {
  const shown = await run('ip', ['-n', namespace, '-s', '-j', 'link', 'show', 'dev', DEVICE_NAME]);
  const [link] = JSON.parse(shown) as [{ stats64: { tx: { dropped: number } } }];
  return link.stats64.tx.dropped;
}

function lastWords(said: string): string {
  const lines = said.trim().split('\n');
  return lines.find((line) => /Error/.test(line)) ?? lines.at(-1) ?? '';
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
