import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkInvariants } from './check-invariants.ts';
import type { PolicyController } from './policy-controller.ts';
import type { RatePolicy } from './rate-policy.ts';
import { goodputSeries } from './testing/measure.ts';
import { DATAGRAM_BYTES, type PathOptions, type PathSimulation, simulatePath } from './testing/path.ts';
import { policyController } from './testing/policy-controller.ts';

const SEED = 20_261_123;
const MBIT = 125_000;

const fixed = (mbit: number): RatePolicy => ({ policy: 'fixed', targetBytesPerSecond: mbit * MBIT });

interface Run extends PathSimulation {
  controller: PolicyController;
  /** Goodput of each second from now on, as a part of the link. */
  seconds: (count: number) => number[];
}

function run(policy: RatePolicy, path: Partial<PathOptions> = {}, congestion: 'bbr' | 'cubic' = 'bbr'): Run {
  const controller = policyController(policy, congestion, SEED);
  const simulated = simulatePath({ mbitPerSecond: 20, rttMs: 40, controllers: [() => controller], ...path });
  const seconds = (count: number) => goodputSeries(simulated, simulated.simulation.nowUs / 1e6 + count, 1);
  return { ...simulated, controller, seconds };
}

function meanOf(rates: readonly number[]): number {
  return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
}

describe('the policy fixed', () => {
  it('sends at its target, and what is lost does not slow it', () => {
    for (const loss of [0, 0.25]) {
      const { seconds, sender } = run(fixed(16), { loss });
      const rates = seconds(10).slice(1);
      for (const rate of rates) expect(rate).toBeCloseTo(0.8 * (1 - loss), 1);
      expect(sender.controller.phase).toBe('steady');
      expect(sender.sentBytes / 10 / (16 * MBIT)).toBeCloseTo(1, 1);
    }
  });

  it('[RP-4] halves, by its circuit breaker, until two thirds arrive', () => {
    const { seconds, sender, controller } = run(fixed(200));
    seconds(4);
    expect(controller.phase).toBe('breaker-open');
    expect(controller.pacingRate).toBe(25 * MBIT);
    const { sentBytes, lostBytes } = sender;
    seconds(4);
    expect((sender.lostBytes - lostBytes) / (sender.sentBytes - sentBytes)).toBeLessThan(1 / 3);
  });

  it('does not go below a 64th of its target for loss that is not of its making', () => {
    const { seconds, controller } = run(fixed(16), { loss: 0.5 });
    seconds(60);
    expect(controller.pacingRate).toBe((16 / 64) * MBIT);
  });

  it('doubles when what is left arrives for a while, and tries more and more seldom', () => {
    // 16 of 7 Mbit/s is too much, 8 is too, 4 is not.
    const { simulation, controller } = run(fixed(16), { mbitPerSecond: 5 });
    const opened: number[] = [];
    let rate = controller.pacingRate;
    for (let second = 0; second < 150; second += 0.5) {
      simulation.run(second * 1e6);
      if (controller.pacingRate < rate) opened.push(second);
      rate = controller.pacingRate;
    }
    const pauses = opened.map((at, index) => at - (opened[index - 1] ?? 0)).slice(2);
    expect(pauses.length).toBeGreaterThanOrEqual(2);
    expect(pauses.length).toBeLessThanOrEqual(4);
    expect([...pauses].sort((a, b) => a - b)).toEqual(pauses);
  });

  it('[RP-4] falls silent with the path, and comes back to its target within seconds', () => {
    const { seconds, simulation, sender } = run(fixed(16), { link: { outagesUs: [[5e6, 8e6]] } });
    simulation.run(5.5e6);
    const { sentBytes } = sender;
    simulation.run(8e6);
    expect(sender.sentBytes - sentBytes).toBeLessThan(16 * DATAGRAM_BYTES);
    seconds(14);
    expect(sender.controller.phase).toBe('steady');
    expect(seconds(1)[0]).toBeCloseTo(0.8, 1);
  });

  it('lets a new target begin at once, though not above what the breaker found', () => {
    const { seconds, simulation, controller } = run(fixed(200));
    seconds(4);
    controller.setPolicy(simulation.nowUs, fixed(150));
    expect(controller.pacingRate).toBe(25 * MBIT);
    controller.setPolicy(simulation.nowUs, fixed(10));
    expect(controller.pacingRate).toBe(10 * MBIT);
    expect(controller.phase).toBe('steady');
    seconds(1);
    expect(seconds(1)[0]).toBeCloseTo(0.5, 1);
  });

  it('begins with the initial window, as nothing is known of the path', () => {
    const { simulation, sender } = run(fixed(1_000));
    simulation.run(39_000);
    expect(sender.sentBytes).toBe(32 * DATAGRAM_BYTES);
  });

  it('keeps to a cap below its target', () => {
    const { seconds } = run({ ...fixed(16), capBytesPerSecond: 8 * MBIT });
    expect(seconds(3)[2]).toBeCloseTo(0.4, 1);
  });
});

describe('a minimum', () => {
  const minimum = (policy: 'fair' | 'low', mbit: number): RatePolicy => ({
    policy,
    minimumBytesPerSecond: mbit * MBIT,
  });

  it('holds where loss makes CUBIC and LEDBAT++ slow', () => {
    for (const [policy, congestion] of [
      ['fair', 'cubic'],
      ['low', 'bbr'],
    ] as const) {
      const { seconds, controller } = run(minimum(policy, 10), { rttMs: 100, loss: 0.02 }, congestion);
      const rates = seconds(20).slice(2);
      expect(meanOf(rates)).toBeGreaterThan(0.42);
      expect(meanOf(rates)).toBeLessThan(0.55);
      expect(controller.phase).toMatch(/^(minimum|slowdown)$/);
    }
  });

  it('changes nothing while the controller sends more', () => {
    const rates = [minimum('fair', 10), { policy: 'fair' } as const].map((policy) => run(policy).seconds(8));
    expect(meanOf(rates[0]!.slice(1))).toBeCloseTo(meanOf(rates[1]!.slice(1)), 2);
  });

  it('does not keep BBR in ProbeRTT, though it fills the queue', () => {
    const { simulation, controller } = run(minimum('fair', 22), { bufferBdp: 4 });
    const phases = new Set<string>();
    for (let ms = 0; ms < 15_000; ms += 20) {
      simulation.run(ms * 1e3);
      phases.add(controller.phase);
    }
    expect(phases).toContain('probe-rtt');
    simulation.run(19e6);
    expect(controller.phase).not.toBe('probe-rtt');
  });

  it('[RP-4] gives way to persistent congestion', () => {
    const { seconds, simulation, controller } = run(minimum('fair', 10));
    seconds(3);
    controller.onPersistentCongestion(simulation.nowUs);
    expect(controller.windowBytes).toBe(4 * DATAGRAM_BYTES);
  });

  it('halves, by the circuit breaker, when it is far above what the path takes', () => {
    const { seconds, controller } = run(minimum('fair', 90));
    seconds(5);
    expect(controller.pacingRate).toBeLessThan(30 * MBIT);
  });
});

describe('a change of policy while a transfer runs', () => {
  const policies: Readonly<Record<string, RatePolicy>> = {
    low: { policy: 'low' },
    fair: { policy: 'fair' },
    high: { policy: 'high' },
    fixed: fixed(10),
  };
  const pairs = Object.keys(policies).flatMap((from) =>
    Object.keys(policies)
      .filter((to) => to !== from)
      .map((to) => ({ from, to })),
  );

  it.each(
    (['bbr', 'cubic'] as const).flatMap((congestion) => pairs.map((pair) => ({ congestion, ...pair }))),
  )('from $from to $to ($congestion) takes effect within seconds', ({ congestion, from, to }) => {
    const { seconds, simulation, sender, controller } = run(policies[from]!, { bufferBdp: 2 }, congestion);
    seconds(6);
    const { lostBytes, sentBytes } = sender;
    controller.setPolicy(simulation.nowUs, policies[to]!);
    expect(controller.name).toBe(to === 'fixed' ? 'fixed' : to === 'low' ? 'ledbat' : congestion);
    const rates = seconds(5).slice(2);
    if (to === 'fixed') expect(meanOf(rates)).toBeCloseTo(0.5, 1);
    else expect(meanOf(rates)).toBeGreaterThan(to === 'low' ? 0.7 : 0.9);
    expect((sender.lostBytes - lostBytes) / (sender.sentBytes - sentBytes)).toBeLessThan(0.05);
  });

  it('to another share keeps the controller and its model', () => {
    const { seconds, simulation, controller } = run({ policy: 'fair' });
    seconds(5);
    const { windowBytes, phase } = controller;
    controller.setPolicy(simulation.nowUs, { policy: 'high' });
    expect([controller.windowBytes, controller.phase]).toEqual([windowBytes, phase]);
  });

  it('does not end a back-off', () => {
    for (const congestion of ['bbr', 'cubic'] as const) {
      const { seconds, simulation, controller } = run({ policy: 'fair' }, {}, congestion);
      seconds(3);
      controller.onPersistentCongestion(simulation.nowUs);
      for (const policy of [fixed(10), policies.low!, policies.fair!, policies.high!, fixed(10)]) {
        controller.setPolicy(simulation.nowUs, policy);
        expect(controller.windowBytes).toBeLessThanOrEqual(4 * DATAGRAM_BYTES);
      }
      expect(seconds(5).at(-1)).toBeGreaterThan(0.2);
    }
  });

  it('that cannot be is refused and changes nothing', () => {
    const controller = policyController({ policy: 'low' });
    expect(() => controller.setPolicy(0, { policy: 'fixed' })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
    expect(controller.name).toBe('ledbat');
  });

  it('on a new path begins from nothing', () => {
    for (const policy of Object.values(policies)) {
      const { seconds, simulation, controller } = run(policy);
      seconds(3);
      controller.reset(simulation.nowUs);
      expect(controller.windowBytes).toBe(32 * DATAGRAM_BYTES);
    }
  });

  it('keeps every invariant, whatever the order of changes, outages and losses', () => {
    const rate = fc.integer({ min: 1_000, max: 1e8 });
    const policy: fc.Arbitrary<RatePolicy> = fc.oneof(
      fc.record({ policy: fc.constant('fixed' as const), targetBytesPerSecond: rate }),
      fc.record({ policy: fc.constantFrom('low', 'fair', 'high'), minimumBytesPerSecond: rate }),
      fc.record({ policy: fc.constantFrom('low', 'fair', 'high') }),
    );
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 600 }),
      policy,
      event: fc.constantFrom('none', 'none', 'none', 'persistent', 'reset', 'mtu'),
      loss: fc.constantFrom(0, 0, 0.05, 0.5, 1),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('bbr', 'cubic'),
        (steps, congestion) => {
          let loss = 0;
          const { simulation, controller } = run(
            { policy: 'fair' },
            { mbitPerSecond: 10, link: { lossProbability: () => loss } },
            congestion,
          );
          for (const { ms, policy, event, ...weather } of steps) {
            loss = weather.loss;
            controller.setPolicy(simulation.nowUs, policy);
            checkInvariants(controller, DATAGRAM_BYTES);
            if (event === 'persistent') controller.onPersistentCongestion(simulation.nowUs);
            if (event === 'reset') controller.reset(simulation.nowUs);
            if (event === 'mtu') controller.onDatagramBytes(DATAGRAM_BYTES);
            // The simulated sender looks at every invariant.
            simulation.run(simulation.nowUs + ms * 1_000);
          }
        },
      ),
      { numRuns: 60, seed: SEED },
    );
  });
});
