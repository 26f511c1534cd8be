import type { AeadProvider } from '@jetstream/protocol';
import type { Scenario } from './scenario.ts';
import { reportProblems } from './scenario-verdict.ts';
import { type RunEnd, Simulation } from './simulation.ts';
import { describeReport } from './transfer/describe-report.ts';
import { nullAead } from './transfer/null-aead.ts';
import { TransferFlow } from './transfer/transfer-flow.ts';
import { describeFlow, type ScenarioReport } from './transfer/transfer-report.ts';

/** After its completion bound a run may take so long to close in order (three probe timeouts and an idle timeout). */
const CLOSING_US = 60e6;
const SAMPLES = 4000;

export interface RunnerOptions {
  seed: number;
  /** Protects packets where the scenario asks for AES-256-GCM; given from outside, for this package has none. */
  aesGcm: AeadProvider;
  /** Default 200 million. */
  maxEvents?: number;
}

/** Runs a scenario to its end or to one of its hard bounds. Judges nothing. */
export function runScenario(scenario: Scenario, options: RunnerOptions): ScenarioReport {
  const limitUs =
    Math.max(...scenario.flows.map((flow) => flow.transfer.startUs ?? 0)) + scenario.bounds.completionUs;
  const aead = scenario.protection === 'aes-256-gcm' ? options.aesGcm : nullAead;
  const flows: TransferFlow[] = [];
  const flowOfHost: TransferFlow[] = [];
  const simulation = new Simulation({
    seed: options.seed,
    maxVirtualUs: limitUs + CLOSING_US,
    maxEvents: options.maxEvents ?? 200e6,
    checkInvariants: (_nowUs, host) => flowOfHost[host]?.check(host),
  });
  const forward = simulation.addLink({ ...scenario.forward, name: 'forward' });
  const backward = simulation.addLink({ ...scenario.backward, name: 'backward' });
  scenario.flows.forEach((_, index) => {
    const flow = new TransferFlow(simulation, scenario, index, options.seed, aead);
    simulation.addRoute(flow.senderHost, flow.receiverHost, [forward]);
    simulation.addRoute(flow.receiverHost, flow.senderHost, [backward]);
    flowOfHost[flow.senderHost] = flow;
    flowOfHost[flow.receiverHost] = flow;
    flows.push(flow);
  });

  const sample = (nowUs: number): void => {
    for (const flow of flows) flow.sample(nowUs);
    simulation.observe(nowUs + Math.max(1000, limitUs / SAMPLES), sample);
  };
  simulation.observe(0, sample);
  let end: RunEnd = 'over';
  let failure: string | undefined;
  try {
    end = simulation.run(() => flows.every((flow) => flow.isOver));
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  return {
    scenario: scenario.name,
    seed: options.seed,
    end,
    failure,
    virtualUs: simulation.nowUs,
    events: simulation.events,
    idleTimers: simulation.idleTimers,
    forward,
    backward,
    flows: flows.map((flow) => describeFlow(flow, forward, simulation.network.unroutable[flow.senderHost]!)),
  };
}

/**
 * Runs a scenario and holds it to its bounds.
 * @throws Error with everything needed to repeat and understand the run
 */
export function proveScenario(scenario: Scenario, options: RunnerOptions): ScenarioReport {
  const report = runScenario(scenario, options);
  const problems = reportProblems(scenario, report);
  if (problems.length === 0) return report;
  throw new Error(
    [
      `scenario "${scenario.name}", seed ${options.seed}:`,
      ...problems.map((problem) => `  - ${problem}`),
      describeReport(report),
    ].join('\n'),
  );
}
