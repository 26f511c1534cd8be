import type { Bound } from '../cases/case.ts';
import { markdownTable } from './markdown-table.ts';
import { describeInterval, quantity, verdict } from './quantity.ts';

/** What is asked of a case, and whether it holds. */
export function boundsTable<Results>(bounds: readonly Bound<Results>[], results: Results): string {
  return markdownTable(
    ['what', 'bound', 'stretch', 'measured', 'verdict'],
    bounds.map((bound) => {
      const value = bound.of(results);
      return [
        bound.what,
        describeInterval(bound.bound, bound.unit),
        describeInterval(bound.stretch, bound.unit),
        value === undefined ? '–' : quantity(value, bound.unit),
        value === undefined ? 'not measured' : verdict(value, bound),
      ];
    }),
  );
}
