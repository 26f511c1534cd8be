import { Ecn } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import type { LinkOptions } from './link-options.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import { FixedWindowReceiver, FixedWindowSender, noApplication } from './testing/fixed-window.ts';

const sendersAddress = { address: '192.0.2.1', port: 1000 };
const receiversAddress = { address: '192.0.2.2', port: 2000 };

interface Toy {
  count?: number;
  window?: number;
  timeoutUs?: number;
  there?: Partial<LinkOptions>;
  back?: Partial<LinkOptions>;
  rebindingUs?: number;
  options?: Partial<SimulationOptions>;
  socketBufferBytes?: number;
  receiveLatenessUs?: { least: number; most: number };
}

function toy({
  count = 100,
  window = 10,
  timeoutUs = 100_000,
  there,
  back,
  rebindingUs,
  options,
  ...host
}: Toy) {
  const simulation = new Simulation({ seed: 1, ...options });
  const sender = new FixedWindowSender(receiversAddress, count, window, 972, timeoutUs);
  const receiver = new FixedWindowReceiver();
  const a = simulation.addHost({
    name: 'sender',
    host: sender,
    application: noApplication,
    address: sendersAddress,
  });
  if (rebindingUs !== undefined) simulation.rebind(a, rebindingUs, { ...sendersAddress, port: 1001 });
  const b = simulation.addHost({
    name: 'receiver',
    host: receiver,
    application: noApplication,
    address: receiversAddress,
    ...host,
  });
  const forward = simulation.addLink({ name: 'there', rateBytesPerSecond: 1e6, delayUs: 10_000, ...there });
  const backward = simulation.addLink({ name: 'back', delayUs: 10_000, ...back });
  simulation.addRoute(a, b, [forward]);
  simulation.addRoute(b, a, [backward]);
  return { simulation, sender, receiver, receiverHost: b, forward, backward };
}

describe('Simulation', () => {
  it('takes the time that theory says: one round trip each for stop-and-wait', () => {
    const { simulation, sender, receiver } = toy({ window: 1 });
    expect(simulation.run(() => sender.done)).toBe('over');
    expect(receiver.arrived).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(simulation.nowUs).toBeCloseTo(100 * (1000 + 20_000));
  });

  it('takes the time that theory says: the rate of the link for a window that fills it', () => {
    const { simulation, sender } = toy({ window: 50 });
    simulation.run(() => sender.done);
    expect(simulation.nowUs).toBeCloseTo(100 * 1000 + 20_000);
  });

  it('hands over together what came before a sleepy host looked', () => {
    const { simulation, sender, receiver } = toy({
      window: 50,
      receiveLatenessUs: { least: 2_500, most: 2_500 },
    });
    simulation.run(() => sender.done);
    const looks = new Set(receiver.arrivedUs);
    // A packet a millisecond: each look finds the one it was late for, and the two behind it.
    expect(receiver.arrived).toHaveLength(100);
    expect(looks.size).toBe(34);
    expect(Math.min(...looks)).toBe(11_000 + 2_500);
  });

  it('keeps for a host that is stopped what its socket holds, and wakes it in the end', () => {
    const { simulation, sender, receiver, receiverHost } = toy({
      window: 50,
      timeoutUs: 1e6,
      socketBufferBytes: 20 * 972,
    });
    // By then ten datagrams have come, and all fifty of the window are on their way.
    simulation.stop(receiverHost, 20_500, 500_000);
    simulation.observe(499_000, () => {});
    simulation.run(() => simulation.nowUs >= 499_000);
    expect(receiver.arrived).toHaveLength(10);
    simulation.run(() => receiver.arrived.length === 30);
    expect(simulation.nowUs).toBe(500_000);
    expect(simulation.run(() => sender.done)).toBe('over');
    expect(new Set(receiver.arrived).size).toBe(100);
    expect(simulation.network.pool.inUse).toBeLessThan(10);
  });

  it('gets everything through loss, reordering, duplication and corruption, and gives back every slot', () => {
    const { simulation, sender, receiver, forward, backward } = toy({
      count: 3000,
      there: {
        loss: [{ kind: 'bernoulli', share: 0.1 }],
        reordering: { share: 0.1, upToUs: 50_000 },
        duplicatedShare: 0.1,
        corruptedShare: 0.1,
      },
    });
    expect(simulation.run(() => sender.done)).toBe('over');
    expect(simulation.run(() => false)).toBe('idle');
    expect(new Set(receiver.arrived).size).toBe(3000);
    expect(receiver.spoiled).toBeGreaterThan(200);
    const { counters } = forward;
    expect(counters.offered).toBe(sender.sent);
    expect(counters.delivered + counters.droppedByLoss).toBe(counters.offered);
    expect(receiver.arrived.length + receiver.spoiled).toBe(counters.delivered + counters.duplicated);
    expect(backward.counters.offered).toBe(receiver.arrived.length);
    expect(simulation.network.pool.inUse).toBe(0);
  });

  it('repeats a run exactly for a seed', () => {
    const run = (seed: number): number[] => {
      const { simulation, sender, receiver } = toy({
        there: { loss: [{ kind: 'bernoulli', share: 0.2 }], jitterUs: 5000, jitterReorders: true },
        options: { seed },
      });
      simulation.run(() => sender.done);
      return receiver.arrivedUs;
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it('passes several links in order, and marks only what a link marked', () => {
    const simulation = new Simulation({ seed: 1 });
    const sender = new FixedWindowSender(receiversAddress, 50, 10, 972, 1e6);
    const receiver = new FixedWindowReceiver();
    const a = simulation.addHost({
      name: 'a',
      host: sender,
      application: noApplication,
      address: sendersAddress,
      ecn: Ecn.Ect0,
    });
    const b = simulation.addHost({
      name: 'b',
      host: receiver,
      application: noApplication,
      address: receiversAddress,
    });
    const access = simulation.addLink({ name: 'access', rateBytesPerSecond: 1e7, delayUs: 1000 });
    const core = simulation.addLink({
      name: 'core',
      rateBytesPerSecond: 1e6,
      delayUs: 2000,
      ecnThresholdBytes: 5000,
    });
    const back = simulation.addLink({ name: 'back' });
    simulation.addRoute(a, b, [access, core]);
    simulation.addRoute(b, a, [back]);
    simulation.run(() => sender.done);
    expect(receiver.arrivedUs[0]).toBeCloseTo(100 + 1000 + 1000 + 2000);
    expect(receiver.marked).toBe(core.counters.marked);
    expect(receiver.marked).toBeGreaterThan(0);
    expect(access.counters.marked).toBe(0);
  });

  it('shows the new address after a NAT rebinding and loses what goes to the old one', () => {
    const { simulation, sender, receiver } = toy({ rebindingUs: 50_500 });
    expect(simulation.run(() => sender.done)).toBe('over');
    expect([...receiver.senders]).toEqual(['192.0.2.1:1000', '192.0.2.1:1001']);
    const [bySender, byReceiver] = simulation.network.unroutable;
    expect(bySender).toBe(0);
    expect(byReceiver).toBeGreaterThan(0);
    expect(sender.sent).toBe(100 + byReceiver!);
  });

  it('stops at its bounds, and knows when nothing can happen any more', () => {
    const dead = { there: { loss: [{ kind: 'bernoulli', share: 1 } as const] } };
    const { simulation } = toy({ ...dead, options: { maxVirtualUs: 1e6 } });
    expect(simulation.run(() => false)).toBe('virtual-time-limit');
    expect(simulation.nowUs).toBeLessThanOrEqual(1e6);
    expect(toy({ ...dead, options: { maxEvents: 500 } }).simulation.run(() => false)).toBe('event-limit');
    expect(toy({}).simulation.run(() => false)).toBe('idle');
  });

  it('does not hang on a host that never stops sending, or always wants to be woken', () => {
    const host = {
      receive: () => {},
      transmit: () => ({ bytes: 100, address: receiversAddress }),
      nextWakeUs: () => 0,
    };
    const { simulation } = toy({ options: { maxEvents: 1000 } });
    simulation.addHost({
      name: 'mad',
      host,
      application: noApplication,
      address: { address: '::1', port: 1 },
    });
    expect(simulation.run(() => false)).toBe('event-limit');

    const restless = toy({ options: { maxEvents: 1000 } }).simulation;
    restless.addHost({
      name: 'restless',
      host: { ...host, transmit: () => ({ bytes: 0, address: receiversAddress }) },
      application: noApplication,
      address: { address: '::1', port: 1 },
    });
    expect(restless.run(() => false)).toBe('event-limit');
    expect(restless.idleTimers).toBeGreaterThan(400);
  });

  it('fires timers late when told to', () => {
    const { simulation, sender, receiver } = toy({
      count: 1,
      timeoutUs: 30_000,
      there: { loss: [{ kind: 'scripted', packets: [0] }] },
    });
    simulation.run(() => sender.done);
    expect(receiver.arrivedUs).toEqual([30_000 + 11_000]);
    const late = new Simulation({ seed: 1 });
    const host = new FixedWindowSender(receiversAddress, 1, 1, 972, 30_000);
    late.addHost({
      name: 'late',
      host,
      application: noApplication,
      address: sendersAddress,
      timerLatenessUs: 500,
    });
    late.run(() => host.sent === 2);
    expect(late.nowUs).toBe(30_500);
  });

  it('asks for invariants after every event of a host', () => {
    const seen: number[] = [];
    const { simulation, sender } = toy({ options: { checkInvariants: (_now, host) => seen.push(host) } });
    simulation.run(() => sender.done);
    expect(seen.length).toBeGreaterThan(200);
    const angry = toy({
      options: {
        checkInvariants: () => {
          throw new Error('window is NaN');
        },
      },
    });
    expect(() => angry.simulation.run(() => false)).toThrow('window is NaN');
  });

  it('serves the host after an action at its time', () => {
    const { simulation } = toy({ count: 0 });
    const times: number[] = [];
    simulation.at(0, 500, (nowUs) => {
      times.push(nowUs);
      simulation.at(0, 100, (again) => times.push(again)); // the past means now
    });
    simulation.run(() => false);
    expect(times).toEqual([500, 500]);
  });

  it('can be looked on without a host being touched', () => {
    const run = (observed: boolean): number[] => {
      const { simulation, sender, receiver } = toy({});
      const look = (nowUs: number): void => simulation.observe(nowUs + 777, look);
      if (observed) look(0);
      simulation.run(() => sender.done);
      return receiver.arrivedUs;
    };
    expect(run(true)).toEqual(run(false));
  });
});
