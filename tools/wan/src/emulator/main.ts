// The emulator: a process of its own that joins two network namespaces by a TUN device in each. This thread is told what to
// do and says what happened; each direction has a thread that carries its packets. The devices go when the process ends.
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { EventFd, openTunDevice } from '@jetstream/platform';
import { DIRECTIONS, type Direction } from '../direction-options.ts';
import type { DirectionReport, WanReport } from '../wan-report.ts';
import type {
  CarrierAnswer,
  CarrierOptions,
  CarrierRequest,
  EmulatorAnswer,
  EmulatorOptions,
  EmulatorRequest,
} from './emulator-messages.ts';

const options = JSON.parse(process.argv[2] ?? '') as EmulatorOptions;
const a = openTunDevice({ name: options.deviceName, namespace: options.namespaces.a });
const b = openTunDevice({ name: options.deviceName, namespace: options.namespaces.b });

/** The thread of one direction. It sleeps where only its event wakes it. */
class Carrier {
  readonly #wakeUp = EventFd.create()!; // there was a way to make the devices
  readonly #worker: Worker;

  constructor(direction: Direction, from: number, to: number) {
    const workerData: CarrierOptions = {
      ...options,
      direction,
      descriptors: { from, to, wakeUp: this.#wakeUp.fd },
    };
    this.#worker = new Worker(new URL('./carrier.js', import.meta.url), { workerData });
    this.#worker.once('error', (error) => {
      console.error(error);
      process.exitCode = 1;
      endAll();
    });
  }

  /** The answer to `request`, or the word that it is ready. */
  ask(request?: CarrierRequest): Promise<CarrierAnswer> {
    const answered = new Promise<CarrierAnswer>((resolve) => this.#worker.once('message', resolve));
    if (request) this.tell(request);
    return answered;
  }

  tell(request: CarrierRequest): void {
    this.#worker.postMessage(request);
    this.#wakeUp.signal();
  }
}

const carriers: Record<Direction, Carrier> = {
  'a-to-b': new Carrier('a-to-b', a, b),
  'b-to-a': new Carrier('b-to-a', b, a),
};
await Promise.all(DIRECTIONS.map((direction) => carriers[direction].ask()));
const changes: WanReport['changes'] = [];
const upSinceNs = process.hrtime.bigint();
const cpuAtStart = process.cpuUsage();
await Promise.all(DIRECTIONS.map((direction) => carriers[direction].ask({ do: 'start', upSinceNs })));
answer({ answer: 'ready' });

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as EmulatorRequest;
  answer(request.do === 'report' ? await report() : await change(request));
}
endAll();

async function change(request: EmulatorRequest & { do: 'change' }): Promise<EmulatorAnswer> {
  const changed = await carriers[request.direction].ask(request);
  changes.push({ atMs: changed.atMs, direction: request.direction, changes: request.changes });
  return { answer: 'changed' };
}

async function report(): Promise<EmulatorAnswer> {
  const { user, system } = process.cpuUsage(cpuAtStart);
  const elapsedMs = Number(process.hrtime.bigint() - upSinceNs) / 1e6;
  const [there, back] = await Promise.all(DIRECTIONS.map((direction) => directionReport(direction)));
  return {
    answer: 'report',
    report: {
      backend: 'tun',
      seed: options.seed,
      elapsedMs,
      cpuSeconds: (user + system) / 1e6,
      changes,
      'a-to-b': there!,
      'b-to-a': back!,
    },
  };
}

async function directionReport(direction: Direction): Promise<DirectionReport> {
  return (await carriers[direction].ask({ do: 'report' })).report!;
}

/** The process ends when the threads have. */
function endAll(): void {
  process.stdin.destroy();
  for (const direction of DIRECTIONS) carriers[direction].tell({ do: 'end' });
}

function answer(value: EmulatorAnswer): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
