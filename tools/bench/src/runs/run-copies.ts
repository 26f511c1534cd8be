import type { CopyCase, CopyResults, NamedPath } from '../cases/case.ts';
import type { Contender } from '../contenders/contender.ts';
import { type CopyResult, type CopyTask, copyOnce } from './copy-once.ts';
import type { WorkDirectory } from './work-directory.ts';

const LEAST_PATIENCE_SECONDS = 60;
/** So many times what the link needs. */
const PATIENCE = 10;
const LOOPBACK_PATIENCE_SECONDS = 300;

export interface CopyRound {
  readonly path: NamedPath;
  readonly contender: string;
  /** From 1. */
  readonly run: number;
  readonly result: CopyResult;
}

/**
 * Runs a case: in each round every contender once over every path, so that what disturbs the machine hits all alike.
 * @param told after each copy
 */
export async function runCopies(
  copyCase: CopyCase,
  contenders: readonly Contender[],
  runs: number,
  work: WorkDirectory,
  told: (round: CopyRound) => void,
): Promise<CopyResults> {
  const rounds: CopyRound[] = [];
  for (let run = 1; run <= runs; run += 1) {
    for (const path of copyCase.paths) {
      for (const contender of contenders) {
        const task = taskOf(copyCase, path, contender, run);
        if (contender.primed && run === 1) await prime(task, work);
        const round = { path, contender: contender.name, run, result: await copyOnce(task, work) };
        rounds.push(round);
        told(round);
      }
    }
  }
  return { runs: rounds };
}

/** A copy that does not count, for a contender that remembers. @throws Error when it failed: then there is nothing to remember */
async function prime(task: CopyTask, work: WorkDirectory): Promise<void> {
  const { outcome, why = '' } = await copyOnce(task, work);
  if (outcome !== 'copied') throw new Error(`the first copy by ${task.contender.name} ${outcome}: ${why}`);
}

function taskOf(copyCase: CopyCase, { label, path }: NamedPath, contender: Contender, run: number): CopyTask {
  const { files, fileBytes } = copyCase.source;
  return {
    contender,
    path,
    source: copyCase.source,
    again: copyCase.again === true,
    inMemory: copyCase.inMemory === true,
    seed: run,
    patienceSeconds:
      copyCase.patienceSeconds ??
      (path === 'loopback'
        ? LOOPBACK_PATIENCE_SECONDS
        : Math.max(
            LEAST_PATIENCE_SECONDS,
            (PATIENCE * files * fileBytes * 8) / (path.rateMbitPerSecond * 1e6),
          )),
    directoryName: `${copyCase.name} ${label} ${contender.name}`.replaceAll(/[^a-z0-9]+/g, '-'),
  };
}
