import { ARRIVAL_MODULUS_US } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkNumbers } from './check-invariants.ts';
import type { AckSample, LossSample } from './controller.ts';
import { DeliveryRateEstimator } from './delivery-rate-estimator.ts';

const PACKET = 1_000;

function ackSample(estimator: DeliveryRateEstimator, nowUs: number, minRttUs = 0): AckSample {
  const sample = {} as AckSample;
  estimator.fillAckSample(sample, nowUs, minRttUs);
  return sample;
}

describe('DeliveryRateEstimator', () => {
  it('measures the rate at which packets sent evenly are acknowledged', () => {
    const estimator = new DeliveryRateEstimator();
    const rates: number[] = [];
    // A packet a millisecond, each acknowledged 10 ms later: 1,000,000 B/s.
    for (let ms = 0; ms < 100; ms++) {
      if (ms >= 10) {
        estimator.onPacketAcked(ms - 10, ms * 1_000, PACKET);
        rates.push(ackSample(estimator, ms * 1_000, 10_000).deliveryRate);
      }
      estimator.onPacketSent(ms, ms * 1_000, PACKET, Math.min(ms, 9) * PACKET);
    }
    expect(rates.slice(20).every((rate) => Math.abs(rate - 1e6) < 1)).toBe(true);
  });

  it('takes the send rate when ACKs come bunched', () => {
    const estimator = new DeliveryRateEstimator();
    // Ten packets in 10 ms, all acknowledged at 20 ms in one instant, then ten more likewise.
    for (let packet = 0; packet < 10; packet++)
      estimator.onPacketSent(packet, packet * 1_000, PACKET, packet * PACKET);
    for (let packet = 0; packet < 10; packet++) estimator.onPacketAcked(packet, 20_000, PACKET);
    const first = ackSample(estimator, 20_000);
    expect(first.deliveryRate).toBeCloseTo((10 * PACKET * 1e6) / 20_000);
    for (let packet = 10; packet < 20; packet++)
      estimator.onPacketSent(packet, (packet + 10) * 1_000, PACKET, (packet - 9) * PACKET);
    for (let packet = 10; packet < 20; packet++) estimator.onPacketAcked(packet, 29_500, PACKET);
    // 10 packets acknowledged within 9.5 ms of the previous ACK, but sent over 20 ms.
    expect(ackSample(estimator, 29_500).deliveryRate).toBeLessThanOrEqual((10 * PACKET * 1e6) / 9_500);
    expect(estimator.deliveredBytes).toBe(20 * PACKET);
  });

  /** Five packets are sent every 4 ms and arrive one a millisecond, each with an ACK that a busy sender reads late at times. */
  function ratesOfLateSender(lateUs: (ms: number) => number, arrivalUs: (ms: number) => number): number[] {
    const estimator = new DeliveryRateEstimator();
    const rates: number[] = [];
    let sent = 0;
    for (let ms = 0; ms < 100; ms++) {
      for (; sent * 800 <= ms * 1_000; sent++)
        estimator.onPacketSent(sent, sent * 800, PACKET, (sent - Math.max(0, ms - 10)) * PACKET);
      if (ms < 10) continue;
      const nowUs = ms * 1_000 + lateUs(ms);
      estimator.onPacketAcked(ms - 10, nowUs, PACKET);
      const sample = { rttUs: 10_000, arrivalUs: arrivalUs(ms) } as AckSample;
      estimator.fillAckSample(sample, nowUs, 0);
      rates.push(sample.deliveryRate);
    }
    return rates.slice(20);
  }
  const lateAtTimes = (ms: number) => (ms % 20 < 2 ? 900 : 0);

  it('looks at when packets arrived, so that an ACK read late exaggerates nothing', () => {
    const blind = ratesOfLateSender(lateAtTimes, () => 0);
    expect(Math.max(...blind)).toBeGreaterThan(1.05e6);
    const nearWrap = ARRIVAL_MODULUS_US - 50_000;
    const rates = ratesOfLateSender(lateAtTimes, (ms) => (nearWrap + ms * 1_000) % ARRIVAL_MODULUS_US);
    expect(Math.max(...rates)).toBeLessThan(1.001e6);
  });

  it('is told nothing but a lower rate by arrival times that are false', () => {
    const honest = ratesOfLateSender(lateAtTimes, () => 0);
    fc.assert(
      fc.property(fc.array(fc.nat(ARRIVAL_MODULUS_US - 1), { minLength: 1, maxLength: 20 }), (times) => {
        const rates = ratesOfLateSender(lateAtTimes, (ms) => times[ms % times.length]!);
        for (const [at, rate] of rates.entries()) {
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(honest[at]!);
        }
      }),
    );
  });

  it('gives no rate for an interval shorter than the least RTT', () => {
    const estimator = new DeliveryRateEstimator();
    estimator.onPacketSent(0, 0, PACKET, 0);
    estimator.onPacketAcked(0, 5_000, PACKET);
    const sample = ackSample(estimator, 5_000, 10_000);
    expect(sample.deliveryRate).toBe(0);
    expect(sample.transmitBytesInFlight).toBe(PACKET);
  });

  it('says what was in flight and lost since the newest acknowledged packet was sent', () => {
    const estimator = new DeliveryRateEstimator();
    for (let packet = 0; packet < 5; packet++)
      estimator.onPacketSent(packet, packet, PACKET, packet * PACKET);
    estimator.onPacketLost(0, PACKET);
    estimator.onPacketAcked(1, 100, PACKET);
    estimator.onPacketSent(5, 100, PACKET, 3 * PACKET);
    estimator.onPacketLost(2, PACKET);
    estimator.onPacketAcked(5, 200, PACKET);
    expect(ackSample(estimator, 200)).toMatchObject({
      deliveredBytes: 2 * PACKET,
      priorDeliveredBytes: PACKET,
      transmitBytesInFlight: 4 * PACKET,
      lostSinceTransmitBytes: PACKET,
    });
  });

  it('describes a lost packet by its own snapshot', () => {
    const estimator = new DeliveryRateEstimator();
    estimator.onPacketSent(7, 50, PACKET, 0);
    estimator.onPacketSent(8, 60, PACKET, PACKET);
    estimator.onPacketLost(7, PACKET);
    estimator.onPacketLost(8, PACKET);
    const loss = {} as LossSample;
    expect(estimator.fillLossSample(loss, 8)).toBe(true);
    expect(loss).toEqual({
      packetNumber: 8,
      deliveredBytes: 0,
      sentUs: 60,
      transmitBytesInFlight: 2 * PACKET,
      lostSinceTransmitBytes: 2 * PACKET,
      applicationLimited: false,
    });
    expect(estimator.fillLossSample(loss, 9)).toBe(false);
  });

  it('counts a packet that was held for lost as delivered, without letting it move the interval back', () => {
    const estimator = new DeliveryRateEstimator();
    for (let packet = 0; packet < 4; packet++)
      estimator.onPacketSent(packet, packet * 10, PACKET, packet * PACKET);
    estimator.onPacketLost(0, PACKET);
    estimator.onPacketAcked(3, 1_000, PACKET);
    ackSample(estimator, 1_000);
    estimator.onPacketAcked(0, 1_100, PACKET);
    const late = ackSample(estimator, 1_100);
    expect(late.deliveryRate).toBe(0);
    expect(late.deliveredBytes).toBe(2 * PACKET);
  });

  it('marks samples as application-limited until the bubble has passed', () => {
    const estimator = new DeliveryRateEstimator();
    estimator.onPacketSent(0, 0, PACKET, 0);
    estimator.onApplicationLimited(PACKET);
    estimator.onPacketSent(1, 1, PACKET, PACKET);
    estimator.onPacketAcked(0, 100, PACKET);
    expect(ackSample(estimator, 100).applicationLimited).toBe(false);
    estimator.onPacketAcked(1, 101, PACKET);
    expect(ackSample(estimator, 101).applicationLimited).toBe(true);
    expect(estimator.applicationLimited).toBe(false);
    estimator.onPacketSent(2, 102, PACKET, 0);
    estimator.onPacketAcked(2, 202, PACKET);
    expect(ackSample(estimator, 202).applicationLimited).toBe(false);
  });

  it('keeps the snapshot of a packet that stays in flight while thousands pass', () => {
    const estimator = new DeliveryRateEstimator();
    estimator.onPacketSent(0, 0, PACKET, 0);
    for (let packet = 1; packet < 5_000; packet++) {
      estimator.onPacketSent(packet, packet, PACKET, PACKET);
      estimator.onPacketAcked(packet, packet + 0.5, PACKET);
    }
    estimator.onPacketLost(0, PACKET);
    const loss = {} as LossSample;
    expect(estimator.fillLossSample(loss, 0)).toBe(true);
    expect(loss).toMatchObject({ sentUs: 0, transmitBytesInFlight: PACKET });
  });

  it('gives up the oldest snapshot rather than grow without end', () => {
    const estimator = new DeliveryRateEstimator();
    estimator.onPacketSent(0, 0, PACKET, 0);
    estimator.onPacketSent(2 ** 20, 1, PACKET, PACKET);
    const loss = {} as LossSample;
    expect(estimator.fillLossSample(loss, 0)).toBe(false);
    estimator.onPacketAcked(0, 10, PACKET);
    expect(estimator.deliveredBytes).toBe(PACKET);
  });

  it('forgets a discarded packet', () => {
    const estimator = new DeliveryRateEstimator();
    estimator.onPacketSent(3, 0, PACKET, 0);
    estimator.onPacketDiscarded(3);
    expect(estimator.fillLossSample({} as LossSample, 3)).toBe(false);
    expect(estimator.lostBytes).toBe(0);
  });

  it('never samples above what was sent or acknowledged over the interval, in any order of events', () => {
    const event = fc.record({
      kind: fc.constantFrom('send', 'send', 'ack', 'ack', 'lose', 'late', 'discard', 'idle'),
      pick: fc.nat(1_000),
      us: fc.integer({ min: 1, max: 5_000 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const estimator = new DeliveryRateEstimator();
        const inFlight: number[] = [];
        const lost: number[] = [];
        let nowUs = 0;
        let next = 0;
        for (const { kind, pick, us } of events) {
          nowUs += us;
          if (kind === 'send') {
            estimator.onPacketSent(next, nowUs, PACKET, inFlight.length * PACKET);
            inFlight.push(next++);
          } else if (kind === 'idle') estimator.onApplicationLimited(inFlight.length * PACKET);
          else if (kind === 'late') {
            if (lost.length > 0) estimator.onPacketAcked(lost.pop()!, nowUs, PACKET);
          } else if (inFlight.length > 0) {
            const [packet] = inFlight.splice(pick % inFlight.length, 1);
            if (kind === 'ack') estimator.onPacketAcked(packet!, nowUs, PACKET);
            else if (kind === 'discard') estimator.onPacketDiscarded(packet!);
            else {
              estimator.onPacketLost(packet!, PACKET);
              lost.push(packet!);
            }
          }
          checkNumbers(estimator, 'estimator');
          const sample = ackSample(estimator, nowUs);
          expect(Number.isFinite(sample.deliveryRate)).toBe(true);
          expect(sample.deliveryRate).toBeGreaterThanOrEqual(0);
          expect(sample.deliveryRate).toBeLessThanOrEqual(sample.deliveredBytes * 1e6);
          expect(sample.priorDeliveredBytes).toBeLessThanOrEqual(sample.deliveredBytes);
          expect(sample.lostSinceTransmitBytes).toBeGreaterThanOrEqual(0);
          expect(sample.transmitBytesInFlight).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
