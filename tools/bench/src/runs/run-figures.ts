import type { FiguresCase, FiguresResults } from '../cases/case.ts';
import type { WorkDirectory } from './work-directory.ts';

/** @param told after each run */
export async function runFigures(
  { measure }: FiguresCase,
  runs: number,
  work: WorkDirectory,
  told: (round: FiguresResults['runs'][number]) => void,
): Promise<FiguresResults> {
  const rounds: FiguresResults['runs'][number][] = [];
  for (let run = 1; run <= runs; run += 1) {
    const round = await measure(work).then(
      (figures) => ({ run, figures }),
      (error: Error) => ({ run, why: error.message }),
    );
    rounds.push(round);
    told(round);
  }
  return { runs: rounds };
}
