import type { FiguresResults } from '../cases/case.ts';
import { markdownTable } from './markdown-table.ts';

/** A line for each figure, a column for each run. */
export function figuresTable({ runs }: FiguresResults): string {
  const names = new Set(runs.flatMap(({ figures = {} }) => Object.keys(figures)));
  const rows = [...names].map((name) => [name, ...runs.map(({ figures }) => number(figures?.[name]))]);
  return markdownTable(['', ...runs.map(({ run }) => `run ${run}`)], rows);
}

export function figuresWords({ figures, why }: FiguresResults['runs'][number]): string {
  if (figures === undefined) return `not measured: ${why}`;
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join(', ');
}

function number(value: number | undefined): string {
  if (value === undefined) return '–';
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}
