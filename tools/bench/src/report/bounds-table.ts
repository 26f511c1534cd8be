import type { Bound } from '../cases/case.ts';
import { markdownTable } from './markdown-table.ts';
import { describeInterval, quantity, verdict } from './quantity.ts';

/** A bound and what was found, in words and as a number. */
export interface Judged {
  what: string;
  bound: string;
  stretch: string;
  measured: string;
  verdict: string;
  value?: number;
}

export function judged<Results>(bounds: readonly Bound<Results>[], results: Results): Judged[] {
  return bounds.map((bound) => {
    const value = bound.of(results);
    return {
      what: bound.what,
      bound: describeInterval(bound.bound, bound.unit),
      stretch: describeInterval(bound.stretch, bound.unit),
      measured: value === undefined ? '–' : quantity(value, bound.unit),
      verdict: value === undefined ? 'not measured' : verdict(value, bound),
      ...(value !== undefined && { value }),
    };
  });
}

/** What is asked of a case, and whether it holds. */
export function boundsTable<Results>(bounds: readonly Bound<Results>[], results: Results): string {
  return markdownTable(
    ['what', 'bound', 'stretch', 'measured', 'verdict'],
    judged(bounds, results).map((row) => [row.what, row.bound, row.stretch, row.measured, row.verdict]),
  );
}
