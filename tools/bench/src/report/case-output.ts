import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Bound,
  Case,
  CopyCase,
  CopyResults,
  FiguresCase,
  FiguresResults,
  FlowsCase,
  FlowsResults,
  ResumeCase,
  ResumeResults,
  RoughResults,
} from '../cases/case.ts';
import { isBusy, type Machine, machineLine } from '../machine.ts';
import type { CopyRound } from '../runs/run-copies.ts';
import type { FlowsRound } from '../runs/run-flows.ts';
import { boundsTable, judged } from './bounds-table.ts';
import { copyPlot } from './copy-plot.ts';
import { copyTables } from './copy-table.ts';
import { figuresTable, figuresWords } from './figures-table.ts';
import { flowsPlot, flowsTable } from './flows-table.ts';
import { resumeTable, resumeWords } from './resume-table.ts';
import { roughTable, roughWords } from './rough-table.ts';

/** When, how and where a case was run. */
export interface Circumstances {
  readonly startedAt: string;
  readonly command: string;
  readonly machine: Machine;
}

/** Says what happens while a case runs, prints what came of it, and writes plots, tables and JSON into a directory. */
export class CaseOutput {
  readonly #directory: string;
  readonly #case: Case;
  readonly #circumstances: Circumstances;

  constructor(directory: string, described: Case, circumstances: Circumstances) {
    this.#directory = directory;
    this.#case = described;
    this.#circumstances = circumstances;
    mkdirSync(directory, { recursive: true });
  }

  copyRound({ path: { label }, contender, run, result }: CopyRound): void {
    const { outcome, seconds, why, wan, series } = result;
    const what = outcome === 'copied' ? `${seconds!.toFixed(2)} s` : `${outcome}: ${why}`;
    this.#say([label, contender], run, what, wan?.lostByEmulation);
    if (series) this.#plot([label, contender], run, (title) => copyPlot(title, series));
  }

  flowsRound(round: FlowsRound): void {
    const { group, run, result } = round;
    this.#say([group.label], run, result.why ?? result.outcome, result.lostByEmulation);
    if (result.series) this.#plot([group.label], run, (title) => flowsPlot(title, round));
  }

  roughRound({ surrounding, run, result }: RoughResults['runs'][number]): void {
    const { seconds, wan, series } = result;
    this.#say(
      [surrounding.label],
      run,
      `${roughWords(result)} after ${seconds.toFixed(1)} s`,
      wan.lostByEmulation,
    );
    this.#plot([surrounding.label], run, (title) => copyPlot(title, series));
  }

  resumeRound({ interruption, run, result }: ResumeResults['runs'][number]): void {
    this.#say([interruption.label], run, resumeWords(result), result.lostByEmulation);
  }

  figuresRound(round: FiguresResults['runs'][number]): void {
    this.#say([], round.run, figuresWords(round));
  }

  copies(copyCase: CopyCase, results: CopyResults): void {
    this.#finish(copyTables(copyCase, results), copyCase.bounds, results);
  }

  flows(flowsCase: FlowsCase, results: FlowsResults): void {
    this.#finish([flowsTable(flowsCase, results)], flowsCase.bounds, results);
  }

  resume(resumeCase: ResumeCase, results: ResumeResults): void {
    this.#finish([resumeTable(results)], resumeCase.bounds, results);
  }

  figures({ bounds }: FiguresCase, results: FiguresResults): void {
    this.#finish([figuresTable(results)], bounds, results);
  }

  rough(results: RoughResults): void {
    this.#finish([roughTable(results)], [], results);
  }

  #finish<Results extends object>(
    tables: string[],
    bounds: readonly Bound<Results>[],
    results: Results,
  ): void {
    const { name, title } = this.#case;
    const { command, startedAt, machine } = this.#circumstances;
    const chapter = [
      `## ${name}: ${title}`,
      `\`${command}\`, ${startedAt.slice(0, 10)}. ${machineLine(machine)}.`,
      ...(isBusy(machine) ? ['**The machine had other work: these figures say little.**'] : []),
      ...tables,
      ...(bounds.length > 0 ? [boundsTable(bounds, results)] : []),
    ];
    const markdown = `${chapter.join('\n\n')}\n\n`;
    const json = { name, title, ...this.#circumstances, bounds: judged(bounds, results), ...results };
    this.#write(`${name}.md`, markdown);
    this.#write(`${name}.json`, `${JSON.stringify(json)}\n`);
    process.stdout.write(markdown);
  }

  #say(what: readonly string[], run: number, how: string, lostByEmulation = 0): void {
    const lost =
      lostByEmulation > 0 ? `; the emulation lost ${lostByEmulation} packets: do not trust it` : '';
    console.error(`${[this.#case.name, ...what, `round ${run}`].join(', ')}: ${how}${lost}`);
  }

  #plot(what: readonly string[], run: number, draw: (title: string) => string): void {
    const parts = [this.#case.name, ...what, String(run)];
    const name = parts.map((part) => part.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')).join('-');
    this.#write(`${name}.svg`, draw(parts.join(', ')));
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#directory, name), text);
  }
}
