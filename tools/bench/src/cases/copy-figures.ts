import { median } from '../figures/statistics.ts';
import type { CopyResult } from '../runs/copy-once.ts';
import { atMost, type Bound, type CopyResults, type NamedPath } from './case.ts';

/** The copies that a contender finished. */
export function copiesOf({ runs }: CopyResults, label: string, contender: string): CopyResult[] {
  return runs
    .filter(
      (run) => run.path.label === label && run.contender === contender && run.result.outcome === 'copied',
    )
    .map(({ result }) => result);
}

/** The median over all runs; undefined when there is nothing to take it of. */
export function medianOf(
  copies: readonly CopyResult[],
  figure: (copy: CopyResult) => number | undefined,
): number | undefined {
  const values = copies.map(figure).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

export function medianSeconds(results: CopyResults, label: string, contender: string): number | undefined {
  return medianOf(copiesOf(results, label, contender), ({ seconds }) => seconds);
}

/** Goodput over the whole copy as share of the link, with the median time. */
export function linkShare(results: CopyResults, path: NamedPath, contender: string): number | undefined {
  if (path.path === 'loopback') return undefined;
  const copies = copiesOf(results, path.label, contender);
  const seconds = medianOf(copies, (copy) => copy.seconds);
  return seconds && (copies[0]!.bytes * 8) / seconds / (path.path.rateMbitPerSecond * 1e6);
}

/** How many times as long the other takes. */
export function timesFaster(
  results: CopyResults,
  label: string,
  contender: string,
  other: string,
): number | undefined {
  const [own, theirs] = [contender, other].map((name) => medianSeconds(results, label, name));
  return own === undefined || theirs === undefined ? undefined : theirs / own;
}

/** What jscp and the server may have resident at most, in MB. */
export function memory({ label }: NamedPath, bound: number, stretch: number): Bound<CopyResults>[] {
  return (['sender', 'receiver'] as const).map((end) => ({
    what: `${label}: peak resident memory of the ${end}`,
    unit: 'MB',
    bound: atMost(bound),
    stretch: atMost(stretch),
    of: (results) =>
      medianOf(
        copiesOf(results, label, 'jetstream'),
        (copy) => copy[end] && copy[end].peakResidentBytes / 1e6,
      ),
  }));
}
