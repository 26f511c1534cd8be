import type { FlowGroup, FlowsCase, FlowsResults } from '../cases/case.ts';
import { contenderNamed } from '../contenders/all.ts';
import { type FlowsResult, flowsOnce } from './flows-once.ts';
import type { WorkDirectory } from './work-directory.ts';

export interface FlowsRound {
  readonly group: FlowGroup;
  /** From 1. */
  readonly run: number;
  readonly result: FlowsResult;
}

/**
 * Runs each group of a case once in each round.
 * @param told after each
 */
export async function runFlows(
  flowsCase: FlowsCase,
  runs: number,
  work: WorkDirectory,
  told: (round: FlowsRound) => void,
): Promise<FlowsResults> {
  const rounds: FlowsRound[] = [];
  for (let run = 1; run <= runs; run += 1) {
    for (const group of flowsCase.groups) {
      const contenders = group.flows.map((name) => contenderNamed(name)!);
      const lack = contenders.map(({ findLack }) => findLack?.()).find((each) => each !== undefined);
      if (lack !== undefined) {
        console.error(`bench: without ${flowsCase.name} ${group.label}: ${lack} (--install-peers)`);
        continue;
      }
      const round = { group, run, result: await flowsOnce(flowsCase, group, contenders, run, work) };
      rounds.push(round);
      told(round);
    }
  }
  return { runs: rounds };
}
