import { constants } from 'node:os';
import { resolve } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import { findLack, npmGone } from '@jetstream/wan';
import { CASES } from './cases/all.ts';
import type { Case, CopyCase } from './cases/case.ts';
import { type BenchCommand, parseCommandLine, USAGE, usage } from './command-line.ts';
import { CONTENDERS, contenderNamed } from './contenders/all.ts';
import type { Contender } from './contenders/contender.ts';
import { installPeers } from './install-peers.ts';
import { describeMachine } from './machine.ts';
import { CaseOutput } from './report/case-output.ts';
import { endedWell } from './runs/rough-once.ts';
import { runCopies } from './runs/run-copies.ts';
import { runFigures } from './runs/run-figures.ts';
import { runFlows } from './runs/run-flows.ts';
import { runResume } from './runs/run-resume.ts';
import { runRough } from './runs/run-rough.ts';
import { WorkDirectory } from './runs/work-directory.ts';

const EXIT = { ok: 0, failed: 1, usage: 2, lack: 3 };

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => end(signal));
}
npmGone().then(() => end('SIGHUP'));

/** Keepers see to it that namespaces, what runs in them, and files go. */
function end(signal: NodeJS.Signals): void {
  process.exit(128 + constants.signals[signal]);
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    const known = error instanceof JetStreamError;
    console.error(`bench: ${known ? error.message : (error as Error).stack}`);
    process.exit(known && error.code === 'invalid-argument' ? EXIT.usage : EXIT.failed);
  },
);

async function main(argv: readonly string[]): Promise<number> {
  const command = parseCommandLine(argv);
  if (command === 'help') {
    process.stdout.write(USAGE);
    return EXIT.ok;
  }
  if (command === 'list') {
    process.stdout.write(list());
    return EXIT.ok;
  }
  if (command === 'install-peers') return await installPeers();
  const cases = command.cases.length === 0 ? CASES : command.cases.map(caseNamed);
  const lack = findLack();
  if (lack) {
    console.error(`bench: ${lack.line}`);
    return EXIT.lack;
  }
  const commandLine = ['npm run bench --', ...argv].join(' ');
  let good = true;
  for (const each of cases) good = (await runCase(each, command, commandLine)) && good;
  return good ? EXIT.ok : EXIT.failed;
}

/** @returns false when bytes were wrong or a run broke */
async function runCase(each: Case, command: BenchCommand, commandLine: string): Promise<boolean> {
  const work = new WorkDirectory(resolve(each.inMemory ? command.memoryDirectory : command.diskDirectory));
  try {
    const output = new CaseOutput(resolve(command.outputDirectory), each, {
      startedAt: new Date().toISOString(),
      command: commandLine,
      machine: await describeMachine(work.path),
    });
    if (each.kind === 'flows') {
      const results = await runFlows(each, command.runs, work, (round) => output.flowsRound(round));
      output.flows(each, results);
      return results.runs.every(({ result }) => result.outcome === 'ran');
    }
    if (each.kind === 'rough') {
      const results = await runRough(each, command, work, (round) => output.roughRound(round));
      output.rough(results);
      return results.runs.every(endedWell);
    }
    if (each.kind === 'resume') {
      const results = await runResume(each, command.runs, work, (round) => output.resumeRound(round));
      output.resume(each, results);
      return results.runs.every(({ result }) => result.outcome === 'copied');
    }
    if (each.kind === 'figures') {
      const results = await runFigures(each, command.runs, work, (round) => output.figuresRound(round));
      output.figures(each, results);
      return results.runs.every(({ figures }) => figures !== undefined);
    }
    const contenders = contendersOf(each, command);
    const results = await runCopies(each, contenders, command.runs, work, (round) => output.copyRound(round));
    output.copies(each, results);
    return results.runs.every(({ result: { outcome }, contender }) =>
      outcome === 'given up' ? !contenderNamed(contender)?.ours : outcome === 'copied',
    );
  } finally {
    await work.close();
  }
}

function caseNamed(name: string): Case {
  const found = CASES.find((each) => each.name === name);
  if (!found) throw usage(`there is no case ${JSON.stringify(name)}`);
  return found;
}

/** Those that were asked for, else those of the case; in any case only those that are there. */
function contendersOf(each: CopyCase, command: BenchCommand): Contender[] {
  return (command.contenders ?? each.contenders).flatMap((name) => {
    const contender = contenderNamed(name);
    if (!contender) throw usage(`there is no contender ${JSON.stringify(name)}`);
    const lack = contender.findLack?.();
    if (lack) console.error(`bench: without ${name}: ${lack} (--install-peers)`);
    return lack ? [] : [contender];
  });
}

function list(): string {
  const row = (name: string, text: string): string => `  ${name.padEnd(22)}${text}\n`;
  const cases = CASES.map(({ name, title }) => row(name, title));
  const contenders = CONTENDERS.map(({ name, about, findLack: lackOf }) => {
    const lack = lackOf?.();
    return row(name, lack ? `${about} (${lack})` : about);
  });
  return `cases\n${cases.join('')}contenders\n${contenders.join('')}`;
}
