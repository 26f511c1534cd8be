import { nodeAead } from '@jetstream/handshake/testing';
import type { Scenario } from '../scenario.ts';
import { proveScenario } from '../scenario-runner.ts';
import type { ScenarioReport } from '../transfer/transfer-report.ts';

/** Holds a scenario to its bounds, with the seed that the suite runs it under. */
export function prove(scenario: Scenario, seed = 1): ScenarioReport {
  return proveScenario(scenario, { seed, aesGcm: nodeAead });
}

/** The scenario of that name. @throws Error when there is none */
export function named(scenarios: readonly Scenario[], name: string): Scenario {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario is called "${name}"`);
  return scenario;
}
