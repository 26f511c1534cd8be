import type { ResumeCase, ResumeResults } from '../cases/case.ts';
import { resumeOnce } from './resume-once.ts';
import type { WorkDirectory } from './work-directory.ts';

/** @param told after each copy */
export async function runResume(
  resumeCase: ResumeCase,
  runs: number,
  work: WorkDirectory,
  told: (round: ResumeResults['runs'][number]) => void,
): Promise<ResumeResults> {
  const rounds: ResumeResults['runs'][number][] = [];
  for (let run = 1; run <= runs; run += 1) {
    for (const interruption of resumeCase.interruptions) {
      const round = { interruption, run, result: await resumeOnce(resumeCase, interruption, run, work) };
      rounds.push(round);
      told(round);
    }
  }
  return { runs: rounds };
}
