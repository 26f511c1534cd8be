import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CopyCase, CopyResults } from '../cases/case.ts';
import { type Machine, machineLine } from '../machine.ts';
import type { Round } from '../runs/run-copies.ts';
import { boundsTable } from './bounds-table.ts';
import { copyPlot } from './copy-plot.ts';
import { copyTables } from './copy-table.ts';

/** What a run of a case was. */
export interface CaseRun {
  readonly startedAt: string;
  readonly command: string;
  readonly machine: Machine;
}

/** A chapter in Markdown: tables and verdicts. */
export function copyReport(copyCase: CopyCase, results: CopyResults, run: CaseRun): string {
  return [
    `## ${copyCase.name}: ${copyCase.title}`,
    `\`${run.command}\`, ${run.startedAt.slice(0, 10)}. ${machineLine(run.machine)}.`,
    ...copyTables(copyCase, results),
    ...(copyCase.bounds.length > 0 ? [boundsTable(copyCase.bounds, results)] : []),
    '',
  ].join('\n\n');
}

export function writeResults(directory: string, name: string, report: string, json: object): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.md`), report);
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(json)}\n`);
}

/** Plots of a copy, where there is a path to show. */
export function writePlot(directory: string, name: string, { path, contender, run, result }: Round): void {
  if (!result.wan) return;
  mkdirSync(directory, { recursive: true });
  const label = path.label.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const title = `${name}, ${path.label}: ${contender}, round ${run}`;
  writeFileSync(
    join(directory, `${name}-${label}-${contender}-${run}.svg`),
    copyPlot(title, result.wan.series),
  );
}

/** One line while it runs. */
export function roundLine(name: string, { path, contender, run, result }: Round): string {
  const { outcome, seconds, why, wan } = result;
  const what = outcome === 'copied' ? `${seconds!.toFixed(2)} s` : `${outcome}: ${why}`;
  const lost = wan?.lostByEmulation
    ? `; the emulation lost ${wan.lostByEmulation} packets: do not trust it`
    : '';
  return `${name}, ${path.label}, round ${run}: ${contender}: ${what}${lost}`;
}
