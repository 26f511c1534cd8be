import type { RoughCase, RoughResults } from '../cases/case.ts';
import type { BenchCommand } from '../command-line.ts';
import { roughOnce } from './rough-once.ts';
import type { WorkDirectory } from './work-directory.ts';

/** @param told after each copy */
export async function runRough(
  { path, surroundings }: RoughCase,
  { runs, surroundings: part }: Pick<BenchCommand, 'runs' | 'surroundings'>,
  work: WorkDirectory,
  told: (round: RoughResults['runs'][number]) => void,
): Promise<RoughResults> {
  const rounds: RoughResults['runs'][number][] = [];
  for (let run = 1; run <= runs; run += 1) {
    for (const surrounding of surroundings.filter(({ label }) => label.includes(part))) {
      const round = { surrounding, run, result: await roughOnce(path, surrounding, run, work) };
      rounds.push(round);
      told(round);
    }
  }
  return { runs: rounds };
}
