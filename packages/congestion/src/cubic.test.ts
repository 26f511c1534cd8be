import { describe, expect, it } from 'vitest';
import type { AckSample, LossSample } from './controller.ts';
import { Cubic } from './cubic.ts';
import { newAckSample } from './samples.ts';

const MSS = 1_000;
const RTT_US = 100_000;

/** Drives a controller with whole windows a round trip long, as an ideal path would. */
class IdealPath {
  readonly cubic = new Cubic({ datagramBytes: MSS, initialWindowBytes: 10 * MSS, random: () => 0 });
  nowUs = 0;
  delivered = 0;
  packet = 0;

  ack(bytes: number, change: Partial<AckSample> = {}): void {
    const prior = this.delivered;
    this.delivered += bytes;
    this.cubic.onAck({
      ...newAckSample(),
      nowUs: this.nowUs,
      ackedBytes: bytes,
      bytesInFlight: this.cubic.windowBytes - bytes,
      priorBytesInFlight: this.cubic.windowBytes,
      rttUs: RTT_US,
      smoothedRttUs: RTT_US,
      minRttUs: RTT_US,
      largestAcked: this.packet,
      deliveredBytes: this.delivered,
      priorDeliveredBytes: prior,
      transmitBytesInFlight: this.cubic.windowBytes,
      ...change,
    });
  }

  roundTrip(change: Partial<AckSample> = {}): void {
    this.nowUs += RTT_US;
    const bytes = this.cubic.windowBytes;
    for (let part = 0; part < 10; part++) this.ack(bytes / 10, change);
  }

  lose(sentUs = this.nowUs - 1): void {
    const loss: LossSample = {
      nowUs: this.nowUs,
      packetNumber: this.packet++,
      packetBytes: MSS,
      bytesInFlight: this.cubic.windowBytes,
      sentUs,
      transmitBytesInFlight: this.cubic.windowBytes,
      lostSinceTransmitBytes: MSS,
      deliveredBytes: this.delivered,
      smoothedRttUs: RTT_US,
      minRttUs: RTT_US,
    };
    this.cubic.onPacketLost(loss);
  }

  /** In congestion avoidance after one loss at the given window. */
  static afterLossAt(packets: number): IdealPath {
    const path = new IdealPath();
    while (path.cubic.windowBytes < packets * MSS) path.ack(MSS);
    path.lose();
    return path;
  }
}

describe('Cubic', () => {
  it('doubles its window each round trip in slow start and paces at twice the window', () => {
    const path = new IdealPath();
    path.roundTrip();
    expect(path.cubic.windowBytes).toBeCloseTo(20 * MSS);
    expect(path.cubic.pacingRate).toBeCloseTo((2 * 20 * MSS * 1e6) / RTT_US);
    expect(path.cubic.phase).toBe('slow-start');
  });

  it('cuts its window to 0.7 once for all that one congestion event lost', () => {
    const path = IdealPath.afterLossAt(100);
    const window = path.cubic.windowBytes;
    expect(window).toBeCloseTo(70 * MSS, -4);
    path.lose(path.nowUs - 50_000);
    expect(path.cubic.windowBytes).toBe(window);
    path.nowUs += RTT_US;
    path.lose(path.nowUs - 10);
    expect(path.cubic.windowBytes).toBeCloseTo(0.7 * window);
  });

  it('grows along the cubic curve: flat at the old window, reached after K seconds (RFC 9438 §4.2)', () => {
    const path = IdealPath.afterLossAt(1_000);
    const plateau = path.cubic.windowBytes / 0.7;
    const k = Math.cbrt((plateau * 0.3) / MSS / 0.4);
    const windowAt = (seconds: number): number => {
      while (path.nowUs < seconds * 1e6) path.roundTrip();
      return path.cubic.windowBytes;
    };
    expect(windowAt(k / 2)).toBeGreaterThan(0.93 * plateau);
    expect(windowAt(k)).toBeGreaterThan(0.985 * plateau);
    expect(windowAt(k)).toBeLessThan(1.02 * plateau);
    expect(windowAt(2 * k)).toBeGreaterThan(1.2 * plateau);
  });

  it('is no slower than Reno where windows are small (RFC 9438 §4.3)', () => {
    const path = IdealPath.afterLossAt(20);
    const before = path.cubic.windowBytes;
    for (let round = 0; round < 5; round++) path.roundTrip();
    const renoGrowth = (3 * 0.3) / 1.7;
    expect(path.cubic.windowBytes - before).toBeGreaterThan(5 * renoGrowth * MSS * 0.9);
  });

  it('gives room to newcomers: a second loss below the old window lowers the plateau (fast convergence)', () => {
    const path = IdealPath.afterLossAt(1_000);
    path.nowUs += RTT_US;
    path.lose();
    const window = path.cubic.windowBytes;
    for (let round = 0; round < 60; round++) path.roundTrip();
    // K of a plateau of 0.85 × 700 packets: about 6 s; there the curve is flat.
    expect(path.cubic.windowBytes).toBeLessThan(1.1 * (window / 0.7) * 0.85);
  });

  it('does not grow while it recovers, nor for what was sent before the loss', () => {
    const path = IdealPath.afterLossAt(100);
    const window = path.cubic.windowBytes;
    path.ack(10 * MSS, { priorDeliveredBytes: 0 });
    expect(path.cubic.windowBytes).toBe(window);
    expect(path.cubic.phase).toBe('recovery');
  });

  it('does not grow a window that the application leaves unused, and does not jump afterwards', () => {
    const path = IdealPath.afterLossAt(1_000);
    path.roundTrip();
    const window = path.cubic.windowBytes;
    for (let round = 0; round < 300; round++)
      path.roundTrip({ applicationLimited: true, priorBytesInFlight: MSS });
    expect(path.cubic.windowBytes).toBe(window);
    path.roundTrip();
    expect(path.cubic.windowBytes).toBeLessThan(1.1 * window);
  });

  it('takes a CE mark for congestion, once a round trip', () => {
    const path = new IdealPath();
    path.roundTrip();
    const window = path.cubic.windowBytes;
    path.ack(MSS, { ecnCeCount: 1 });
    expect(path.cubic.windowBytes).toBeCloseTo(0.7 * window);
    const prior = path.delivered - MSS;
    path.ack(MSS, { ecnCeCount: 1, priorDeliveredBytes: prior - 1 });
    expect(path.cubic.windowBytes).toBeCloseTo(0.7 * window);
  });

  it('undoes a reduction when each of its losses proves spurious, and not before', () => {
    const path = new IdealPath();
    path.roundTrip();
    path.roundTrip();
    const window = path.cubic.windowBytes;
    path.lose();
    path.lose();
    expect(path.cubic.windowBytes).toBeLessThan(window);
    path.cubic.onSpuriousLoss(path.nowUs, MSS);
    expect(path.cubic.windowBytes).toBeLessThan(window);
    path.cubic.onSpuriousLoss(path.nowUs, MSS);
    expect(path.cubic.windowBytes).toBe(window);
    expect(path.cubic.phase).toBe('slow-start');
  });

  it('falls to two datagrams on persistent congestion and starts slowly towards its threshold', () => {
    const path = IdealPath.afterLossAt(100);
    path.cubic.onPersistentCongestion();
    expect(path.cubic.windowBytes).toBe(2 * MSS);
    path.nowUs += RTT_US;
    path.ack(2 * MSS);
    expect(path.cubic.windowBytes).toBe(4 * MSS);
  });
});
