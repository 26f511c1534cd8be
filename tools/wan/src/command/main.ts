import type { ChildProcess, StdioOptions } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { JetStreamError } from '@jetstream/protocol';
import { LackError } from '../namespaces/requirements.ts';
import { openWan, type Wan } from '../open-wan.ts';
import { parseCommandLine, type WanCommand } from './command-line.ts';
import { describeReport } from './describe-report.ts';
import { EXIT_CODES, exitStatus } from './exit-codes.ts';
import { npmGone } from './npm-gone.ts';
import { parseDirectedChanges } from './parse-changes.ts';
import { USAGE } from './usage.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    console.error(`wan: ${error instanceof JetStreamError ? error.message : (error as Error).stack}`);
    process.exit(statusOf(error));
  },
);

async function main(argv: readonly string[]): Promise<number> {
  const command = parseCommandLine(argv);
  if (command === 'help') {
    process.stdout.write(USAGE);
    return EXIT_CODES.ok.status;
  }
  const stopped = stopSignal();
  const wan = await openWan(command.options);
  const say = command.quiet ? () => {} : (text: string) => console.error(text);
  say(introduction(wan));
  schedule(wan, command);
  const broken = wan.failed.then((error) => {
    throw error;
  });
  try {
    return await Promise.race([runCommands(wan, command, say), stopped, broken]);
  } finally {
    const report = await wan.close();
    if (report) {
      say(describeReport(report));
      if (command.jsonFile !== undefined) writeFileSync(command.jsonFile, `${JSON.stringify(report)}\n`);
    }
  }
}

function introduction({ a, b, backend }: Wan): string {
  const end = ({ name, address, address6 }: Wan['a']): string =>
    `${name}: ${[address, address6].filter((each) => each !== undefined).join(', ')}`;
  return [
    `a is ${end(a)}`,
    `b is ${end(b)}`,
    `joined by ${backend === 'tun' ? 'our own program between two TUN devices' : "the kernel's netem and tbf"}`,
    `inside: ip netns exec ${a.name} COMMAND`,
  ].join('\n');
}

/** Runs what is to run; without anything, takes changes from standard input until stopped. */
async function runCommands(wan: Wan, command: WanCommand, say: (text: string) => void): Promise<number> {
  const ofB = command.inB && start(wan, 'b', command.inB, ['ignore', 'inherit', 'inherit']);
  const ofA = command.inA && start(wan, 'a', command.inA, 'inherit');
  const awaited = ofA ?? ofB;
  if (awaited) return awaited;
  say('Ctrl-C ends it; a line such as "loss=1" or "a-to-b:rate=50" changes it');
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    try {
      const { direction, changes } = parseDirectedChanges(line.trim());
      await wan.set(direction, changes);
    } catch (error) {
      console.error(`wan: ${(error as Error).message}`);
    }
  }
  return new Promise(() => {}); // the end of the input is not the end of the WAN
}

function start(wan: Wan, end: 'a' | 'b', argv: readonly string[], stdio: StdioOptions): Promise<number> {
  return ended(wan[end].exec(argv, { stdio }));
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) =>
      resolve(exitStatus(status, signal === null ? 0 : constants.signals[signal])),
    );
  });
}

/** `--at` counts from when the WAN is up, which is now. */
function schedule(wan: Wan, { steps }: WanCommand): void {
  for (const { atMs, direction, changes } of steps) {
    const timer = setTimeout(() => {
      wan.set(direction, changes).catch((error: Error) => console.error(`wan: ${error.message}`));
    }, atMs);
    timer.unref();
  }
}

function stopSignal(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) {
      process.on(signal, () => resolve(exitStatus(null, constants.signals[signal])));
    }
    npmGone().then(() => resolve(exitStatus(null, constants.signals.SIGHUP)));
  });
}

function statusOf(error: unknown): number {
  if (error instanceof LackError) return EXIT_CODES[error.lack.what === 'root' ? 'root' : 'lack'].status;
  if (error instanceof JetStreamError && error.code === 'invalid-argument') return EXIT_CODES.usage.status;
  return EXIT_CODES.failed.status;
}
