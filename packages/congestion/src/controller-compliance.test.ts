import { ARRIVAL_MODULUS_US, ArrivalRuns, MAX_ARRIVAL_RUNS } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkInvariants } from './check-invariants.ts';
import type { AckSample, CongestionController, LossSample } from './controller.ts';
import { type ControllerName, createController, initialWindowBytes } from './create-controller.ts';
import { goodputSeries, measureSteady } from './testing/measure.ts';
import { DATAGRAM_BYTES, simulatePath } from './testing/path.ts';
import { seededRandom } from './testing/random.ts';

// What every controller owes the transport, whatever its algorithm. A new one is added to this list.
const CONTROLLERS: readonly ControllerName[] = ['bbr', 'cubic', 'ledbat'];
/** Least share of a clean path; LEDBAT++ spends a tenth of its time on slowdowns, and begins with one. */
const GOODPUT: Readonly<Record<ControllerName, number>> = { bbr: 0.97, cubic: 0.97, ledbat: 0.88 };
const GOODPUT_BY_SECOND: Readonly<Record<ControllerName, readonly number[]>> = {
  bbr: [0.5, 0.9, 0.95],
  cubic: [0.5, 0.9, 0.95],
  ledbat: [0.25, 0.6, 0.95],
};

const SEED = 20_261_122;

describe.each(CONTROLLERS)('controller %s', (name) => {
  const create = (): CongestionController =>
    createController(name, {
      datagramBytes: DATAGRAM_BYTES,
      initialWindowBytes: initialWindowBytes(DATAGRAM_BYTES),
      random: seededRandom(SEED),
    });

  it('bears its name and begins with the initial window', () => {
    const controller = create();
    expect(controller.name).toBe(name);
    expect(controller.windowBytes).toBe(32 * DATAGRAM_BYTES);
    expect(controller.phase).toMatch(/^[a-z-]+$/);
    checkInvariants(controller, DATAGRAM_BYTES);
  });

  it('grows while a clean path delivers, and fills it', () => {
    const steady = measureSteady({ mbitPerSecond: 20, rttMs: 40, controllers: [name] }, 5, 15);
    expect(steady.goodput).toBeGreaterThan(GOODPUT[name]);
    expect(steady.lossRate).toBeLessThan(0.005);
  });

  it('gives the same run for the same seed', () => {
    const run = () => {
      const path = simulatePath({ mbitPerSecond: 20, rttMs: 40, loss: 0.01, controllers: [name], seed: 5 });
      return goodputSeries(path, 5, 0.5);
    };
    expect(run()).toEqual(run());
  });

  it('drops to its smallest window on persistent congestion', () => {
    const { simulation, sender } = simulatePath({ mbitPerSecond: 20, rttMs: 40, controllers: [name] });
    simulation.run(5e6);
    expect(sender.controller.windowBytes).toBeGreaterThan(50 * DATAGRAM_BYTES);
    sender.controller.onPersistentCongestion(simulation.nowUs);
    expect(sender.controller.windowBytes).toBeLessThanOrEqual(4 * DATAGRAM_BYTES);
    checkInvariants(sender.controller, DATAGRAM_BYTES);
  });

  it('forgets the model on a new path', () => {
    const { simulation, sender } = simulatePath({ mbitPerSecond: 20, rttMs: 40, controllers: [name] });
    simulation.run(3e6);
    sender.controller.reset(simulation.nowUs);
    expect(sender.controller.windowBytes).toBe(32 * DATAGRAM_BYTES);
    expect(sender.controller.phase).toBe(create().phase);
    simulation.run(8e6);
    expect(sender.controller.windowBytes).toBeGreaterThan(50 * DATAGRAM_BYTES);
  });

  it('keeps its floor in datagrams when they grow', () => {
    const controller = create();
    controller.onPersistentCongestion(0);
    controller.onDatagramBytes(9_000);
    expect(controller.windowBytes).toBeGreaterThanOrEqual(2 * 9_000);
    checkInvariants(controller, 9_000);
  });

  it('does not grow a window that the application does not fill', () => {
    const path = simulatePath({
      mbitPerSecond: 100,
      rttMs: 40,
      controllers: [name],
      sender: () => ({ producedBytes: (nowUs) => nowUs * 0.25 }), // 2 Mbit/s
    });
    path.simulation.run(10e6);
    // 2 Mbit/s × 40 ms is 10 kB; the initial window is 45 kB.
    expect(path.sender.controller.windowBytes).toBeLessThan(3 * 32 * DATAGRAM_BYTES);
    expect(path.sender.ackedBytes).toBeGreaterThan(0.95 * 10e6 * 0.25);
  });

  it('uses the whole path soon after the application stops limiting it', () => {
    const path = simulatePath({
      mbitPerSecond: 100,
      rttMs: 40,
      controllers: [name],
      sender: () => ({ producedBytes: (nowUs) => (nowUs < 10e6 ? nowUs * 0.25 : 1e12) }),
    });
    path.simulation.run(10e6);
    const seconds = goodputSeries(path, 13, 1);
    GOODPUT_BY_SECOND[name].forEach((least, second) => {
      expect(seconds[second]).toBeGreaterThan(least);
    });
  });

  it('holds its invariants through any sequence of events, however senseless', () => {
    const size = fc.oneof(fc.nat(10), fc.nat(100_000), fc.double({ min: 0, max: 1e15, noNaN: true }));
    const event = fc.record({
      kind: fc.constantFrom(
        'sent',
        'ack',
        'ack',
        'loss',
        'spurious',
        'persistent',
        'limited',
        'reset',
        'mtu',
      ),
      us: fc.oneof(fc.nat(100), fc.nat(100_000), fc.nat(30_000_000)),
      bytes: size,
      inFlight: size,
      rttUs: size,
      rate: size,
      delivered: size,
      flag: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        const controller = create();
        let datagramBytes = DATAGRAM_BYTES;
        let nowUs = 0;
        let deliveredBytes = 0;
        let packetNumber = 0;
        for (const { kind, us, bytes, inFlight, rttUs, rate, delivered, flag } of events) {
          nowUs += us;
          const common = {
            nowUs,
            bytesInFlight: inFlight,
            smoothedRttUs: rttUs,
            minRttUs: rttUs,
            transmitBytesInFlight: inFlight,
            lostSinceTransmitBytes: bytes,
            applicationLimited: flag,
          };
          if (kind === 'sent') controller.onPacketSent(nowUs, bytes, inFlight, packetNumber++);
          else if (kind === 'ack') {
            deliveredBytes += bytes;
            const sample: AckSample = {
              ...common,
              ackedBytes: bytes,
              ackedPackets: 1 + (us % 3),
              arrivals: anyRuns(us, delivered),
              lostBytes: 0,
              priorBytesInFlight: inFlight + bytes,
              rttUs: flag ? rttUs : 0,
              arrivalUs: (us * 977) % 2 ** 30,
              ackDelayUs: flag ? us : 0,
              meanAckUs: flag ? delivered : rttUs,
              largestAcked: packetNumber,
              deliveredBytes,
              deliveryRate: rate,
              priorDeliveredBytes: Math.min(delivered, deliveredBytes),
              ecnCeCount: flag && us % 7 === 0 ? 1 : 0,
            };
            controller.onAck(sample);
          } else if (kind === 'loss') {
            const loss: LossSample = {
              ...common,
              packetNumber: us,
              packetBytes: bytes,
              sentUs: Math.max(0, nowUs - rttUs),
              deliveredBytes,
            };
            controller.onPacketLost(loss);
          } else if (kind === 'spurious') controller.onSpuriousLoss(nowUs, bytes);
          else if (kind === 'persistent') controller.onPersistentCongestion(nowUs);
          else if (kind === 'limited') controller.onApplicationLimited(nowUs, inFlight);
          else if (kind === 'reset') controller.reset(nowUs);
          else {
            datagramBytes = flag ? 1_200 : 9_000;
            controller.onDatagramBytes(datagramBytes);
          }
          checkInvariants(controller, datagramBytes);
        }
      }),
      { numRuns: 1000, seed: SEED },
    );
  });

  it('recovers from any weather once the path is well again', () => {
    const weather = fc.record({
      ms: fc.integer({ min: 50, max: 2_000 }),
      rateFactor: fc.constantFrom(0.1, 0.5, 1, 4),
      loss: fc.constantFrom(0, 0, 0.02, 0.3, 1),
      extraDelayMs: fc.constantFrom(0, 0, 5, 80),
      producing: fc.constantFrom(true, true, true, false),
    });
    fc.assert(
      fc.property(fc.array(weather, { minLength: 1, maxLength: 8 }), fc.nat(1_000), (spells, seed) => {
        const rate = 10 * 125_000;
        const starts: number[] = [];
        let wellUs = 2e6;
        for (const { ms } of spells) {
          starts.push(wellUs);
          wellUs += ms * 1_000;
        }
        const spellAt = (nowUs: number) =>
          nowUs >= wellUs ? undefined : spells[starts.findLastIndex((startUs) => startUs <= nowUs)];
        const rateSteps = spells.map(({ rateFactor }, index) => ({
          fromUs: starts[index]!,
          bytesPerSecond: rate * rateFactor,
        }));
        const path = simulatePath({
          mbitPerSecond: 10,
          rttMs: 20,
          bufferBdp: 2,
          controllers: [name],
          seed,
          link: {
            lossProbability: (nowUs) => spellAt(nowUs)?.loss ?? 0,
            rateSteps: [...rateSteps, { fromUs: wellUs, bytesPerSecond: rate }],
          },
          sender: () => ({
            extraDelayUs: (nowUs) => (spellAt(nowUs)?.extraDelayMs ?? 0) * 1_000,
            producedBytes: (nowUs) => (spellAt(nowUs)?.producing === false ? 0 : 1e12),
          }),
        });
        path.simulation.run(wellUs + 20e6);
        const [goodput] = goodputSeries(path, (wellUs + 24e6) / 1e6, 4);
        expect(goodput).toBeGreaterThan(0.85);
      }),
      { numRuns: 25, seed: SEED },
    );
  });
});

/** As a hostile peer may tell them. */
function anyRuns(gapUs: number, packets: number): ArrivalRuns {
  const runs = new ArrivalRuns();
  for (let run = 0; run < packets % MAX_ARRIVAL_RUNS; run++)
    runs.add((run * gapUs * 104_729) % ARRIVAL_MODULUS_US, 1 + ((run * packets) % 999));
  return runs;
}
