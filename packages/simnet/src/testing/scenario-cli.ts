import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nodeAead } from '@jetstream/handshake/testing';
import { plotReport } from '../plot.ts';
import { runScenario } from '../scenario-runner.ts';
import { reportProblems, steadyRate } from '../scenario-verdict.ts';
import { CATALOGUE, findScenario } from '../scenarios/catalogue.ts';
import { describeReport } from '../transfer/describe-report.ts';
import { jainIndex } from '../transfer/transfer-report.ts';

const USAGE = 'npm run scenario -- NAME [--seed N] [--svg FILE]\n\nNAME is "mixture N" or one of:\n';

/** Runs one scenario and prints what came of it; the only file of this package that touches the world. */
function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string', default: '1' }, svg: { type: 'string' } },
  });
  const scenario = findScenario(positionals.join(' '));
  const seed = Number(values.seed);
  if (scenario === undefined || !Number.isSafeInteger(seed)) {
    process.stderr.write(USAGE);
    for (const { name, about } of CATALOGUE) process.stderr.write(`  ${name.padEnd(44)} ${about}\n`);
    return 2;
  }
  const startedMs = performance.now();
  const report = runScenario(scenario, { seed, aesGcm: nodeAead });
  const cpuSeconds = (performance.now() - startedMs) / 1000;
  process.stdout.write(`${scenario.name}: ${scenario.about}\n${describeReport(report)}\n`);
  const { steadyFromUs, fairness } = scenario.bounds;
  if (steadyFromUs !== undefined) {
    const rates = report.flows.map(
      (flow) => `${((steadyRate(flow, steadyFromUs) * 8) / 1e6).toFixed(1)} Mbit/s`,
    );
    process.stdout.write(`  after ${(steadyFromUs / 1e6).toFixed(2)} s: ${rates.join(', ')} of content\n`);
  }
  if (fairness !== undefined) {
    const shares = report.flows.map(
      ({ trace }) => trace.ackedBy(fairness.untilUs) - trace.ackedBy(fairness.fromUs),
    );
    process.stdout.write(`  Jain index ${jainIndex(shares).toFixed(4)}\n`);
  }
  process.stdout.write(`  ${Math.round(report.events / cpuSeconds)} events/s, ${cpuSeconds.toFixed(1)} s\n`);
  if (values.svg !== undefined) writeFileSync(values.svg, plotReport(report));
  const problems = reportProblems(scenario, report);
  for (const problem of problems) process.stdout.write(`  FAILED: ${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = main();
