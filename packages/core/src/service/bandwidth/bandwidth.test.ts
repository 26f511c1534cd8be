import pino from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.ts';
import { ServiceEvents } from '../events.ts';
import { Bandwidth, type KeptBandwidthLimits } from './bandwidth.ts';
import type { RateUser } from './shared-rate.ts';

const none = Number.POSITIVE_INFINITY;
const STEP_MS = 20;

/** Moves as much as its share and its path allow. */
class Mover implements RateUser {
  share = none;
  bytes = 0;
  readonly toldShares: number[] = [];
  pathRate: number;
  running: number;

  constructor(pathRate: number, running = 1) {
    this.pathRate = pathRate;
    this.running = running;
  }

  transfers = () => this.running;
  movedBytes = () => this.bytes;
  setShare = (share: number) => {
    this.share = share;
    this.toldShares.push(share);
  };

  get rate(): number {
    return this.running > 0 ? Math.min(this.share, this.pathRate) : 0;
  }
}

let clock: ManualClock;
let saved: KeptBandwidthLimits[];
beforeEach(() => {
  clock = new ManualClock();
  saved = [];
});

function bandwidth(incomingMegabits?: number, outgoingMegabits?: number, borrow = false): Bandwidth {
  const options = {
    ...(incomingMegabits !== undefined && { incomingBitsPerSecond: incomingMegabits * 1e6 }),
    ...(outgoingMegabits !== undefined && { outgoingBitsPerSecond: outgoingMegabits * 1e6 }),
    ...(borrow && { borrowIncoming: true, borrowOutgoing: true }),
  };
  const isSet = incomingMegabits !== undefined || outgoingMegabits !== undefined;
  const kept = {
    value: saved.at(-1),
    set: async (limits: KeptBandwidthLimits) => void saved.push(limits),
  };
  const wall = { wallUs: () => 0, monotonicUs: () => 0 };
  const events = new ServiceEvents(wall, pino({ level: 'silent' }));
  return new Bandwidth(isSet ? options : undefined, kept, events, clock);
}

/** @returns the most that they moved together in any second, in Mbit/s; their rates at the end are theirs to tell */
async function run(movers: readonly Mover[], seconds: number): Promise<number> {
  let most = 0;
  for (let second = 0; second < seconds; second++) {
    const before = movers.reduce((sum, { bytes }) => sum + bytes, 0);
    for (let step = 0; step < 1_000 / STEP_MS; step++) {
      for (const mover of movers) mover.bytes += (mover.rate * STEP_MS) / 1_000;
      await clock.advance(STEP_MS);
    }
    most = Math.max(most, movers.reduce((sum, { bytes }) => sum + bytes, 0) - before);
  }
  return most / 125_000;
}

const megabits = (movers: readonly Mover[]) => movers.map(({ rate }) => Math.round(rate / 125_000));

describe('the bandwidth of a server', () => {
  it('is shared by transfers, however many connections have them, and what one cannot use is for the others', async () => {
    const shared = bandwidth(undefined, 100);
    const movers = [new Mover(none), new Mover(none, 3), new Mover(10 * 125_000)];
    for (const mover of movers) shared.addSender(mover);
    expect(await run(movers, 1)).toBeLessThanOrEqual(100.001);
    expect(await run(movers, 5)).toBeLessThanOrEqual(100.001);
    expect(megabits(movers)).toEqual([22, 66, 10]);
    movers[2]!.pathRate = none;
    await run(movers, 3);
    expect(megabits(movers)).toEqual([20, 60, 20]);
    movers[1]!.running = 0;
    await run(movers, 3);
    expect(megabits(movers)).toEqual([48, 0, 48]);
    await shared.close();
    expect(clock.isIdle).toBe(true);
  });

  it('holds while connections come and go', async () => {
    const shared = bandwidth(100);
    const movers: Mover[] = [];
    for (let come = 0; come < 40; come++) {
      const mover = new Mover(none, come % 3);
      const registered = shared.addReceiver(mover);
      movers.push(mover);
      // One share of a newcomer is on top until the next turn.
      expect(await run(movers, 1)).toBeLessThan(102);
      if (come % 4 === 3) {
        registered.remove();
        movers.pop();
      }
    }
  });

  it('costs nothing while nothing moves or nothing is limited', async () => {
    const limited = bandwidth(100, 100);
    const still = new Mover(none, 0);
    limited.addReceiver(still);
    await run([still], 1);
    expect(clock.isIdle).toBe(true);
    const free = bandwidth();
    const mover = new Mover(none);
    free.addSender(mover);
    await run([mover], 1);
    expect(clock.isIdle).toBe(true);
    expect(mover.toldShares).toEqual([]);
  });

  it('tells shares no more than ten times a second, however often transfers begin and end', async () => {
    const shared = bandwidth(100);
    const mover = new Mover(none);
    const registered = shared.addReceiver(mover);
    for (let change = 0; change < 500; change++) {
      mover.running = 1 + (change % 2);
      shared.addReceiver(new Mover(0));
      registered.changed();
      await run([mover], 0);
      await clock.advance(4);
    }
    expect(mover.toldShares.length).toBeLessThanOrEqual(21);
  });

  it('is borrowed from the direction that is idle, and given back when traffic appears there', async () => {
    const shared = bandwidth(100, 50, true);
    const [up, down] = [new Mover(none), new Mover(none, 0)];
    shared.addSender(up);
    shared.addReceiver(down);
    await run([up, down], 2);
    expect(megabits([up])).toEqual([144]);
    down.running = 1;
    expect(await run([up, down], 2)).toBeLessThanOrEqual(150.001);
    expect(megabits([up, down])).toEqual([50, 100]);
  });

  it('may be changed through the API, and is kept', async () => {
    const shared = bandwidth();
    const mover = new Mover(1e9);
    shared.addSender(mover);
    const limits = { borrowIncomingRate: false, borrowOutgoingRate: false, incomingRateLimit: null };
    const changed = await shared.update({ outgoingRateLimit: 10_000 });
    expect(changed).toEqual({ ...limits, outgoingRateLimit: 10_000, frozen: false });
    await run([mover], 1);
    expect(megabits([mover])).toEqual([10]);
    expect(bandwidth().serverInfo({ account: 'ann' })).toEqual({ bandwidthLimits: changed });
    expect(shared.serverInfo({ account: '' })).toEqual({ bandwidthLimits: null });
    await shared.update({ outgoingRateLimit: null });
    await run([mover], 1);
    expect(mover.share).toBe(none);
    await expect(shared.update({ incomingRateLimit: 7 })).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('that was set on the command line stays as it is', async () => {
    const shared = bandwidth(100);
    await expect(shared.update({ incomingRateLimit: 1_000 })).rejects.toMatchObject({ code: 'conflict' });
    expect(saved).toEqual([]);
    expect(shared.serverInfo({ account: 'ann' }).bandwidthLimits).toMatchObject({
      incomingRateLimit: 100_000,
      frozen: true,
    });
  });
});
