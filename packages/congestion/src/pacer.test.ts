import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkNumbers } from './check-invariants.ts';
import { Pacer } from './pacer.ts';

const DATAGRAM = 1_400;

/** Sends all it may; returns bytes sent until `untilUs`, with wake-ups rounded up to the timer's step. */
function sendUntil(pacer: Pacer, untilUs: number, timerStepUs = 0): number {
  let nowUs = 0;
  let sent = 0;
  while (nowUs <= untilUs) {
    while (pacer.canSend(nowUs)) {
      pacer.onSent(nowUs, DATAGRAM);
      sent += DATAGRAM;
    }
    const dueUs = pacer.nextSendUs(nowUs);
    nowUs = timerStepUs > 0 ? Math.ceil(dueUs / timerStepUs + 1e-9) * timerStepUs : dueUs;
  }
  return sent;
}

function burst(pacer: Pacer, nowUs: number): number {
  let bytes = 0;
  while (pacer.canSend(nowUs)) {
    pacer.onSent(nowUs, DATAGRAM);
    bytes += DATAGRAM;
  }
  return bytes;
}

describe('Pacer', () => {
  it('keeps the mean rate within one burst, whatever the rate', () => {
    for (const rate of [10_000, 1e6, 125e6, 1.25e9]) {
      const pacer = new Pacer(rate, DATAGRAM);
      const seconds = rate < 1e6 ? 20 : 0.2;
      const slack = pacer.quantumBytes + 2 * DATAGRAM;
      expect(Math.abs(sendUntil(pacer, seconds * 1e6) - rate * seconds)).toBeLessThanOrEqual(slack);
    }
  });

  it('loses nothing to a timer that fires every millisecond', () => {
    for (const rate of [1e6, 12.5e6, 125e6, 1.25e9]) {
      const pacer = new Pacer(rate, DATAGRAM);
      expect(sendUntil(pacer, 1e6, 1_000) / rate).toBeGreaterThan(0.995);
    }
  });

  it('lets at most a millisecond of the rate, 64 KiB, and at least two datagrams leave together', () => {
    expect(burst(new Pacer(10e6, DATAGRAM), 1e6)).toBeLessThanOrEqual(10_000 + DATAGRAM);
    expect(burst(new Pacer(1e9, DATAGRAM), 1e6)).toBeLessThanOrEqual(65_536 + DATAGRAM);
    expect(burst(new Pacer(5_000, DATAGRAM), 1e6)).toBe(2 * DATAGRAM);
  });

  it('makes up for a wake-up late by up to two milliseconds, and for no more', () => {
    const rate = 10e6;
    const late = (byUs: number): number => {
      const pacer = new Pacer(rate, DATAGRAM);
      burst(pacer, 0);
      return burst(pacer, pacer.nextSendUs(0) + byUs);
    };
    expect(late(0)).toBeLessThanOrEqual(10_000 + DATAGRAM);
    expect(late(1_900)).toBeGreaterThanOrEqual(28_000);
    expect(late(1_900)).toBeLessThanOrEqual(29_000 + DATAGRAM);
    expect(late(500_000)).toBeLessThanOrEqual(10_000 + DATAGRAM);
  });

  it('keeps a cap, also when the controller asks for more, and says so', () => {
    const pacer = new Pacer(125e6, DATAGRAM);
    expect(pacer.capped).toBe(false);
    pacer.setCap(1e6);
    expect(pacer).toMatchObject({ capped: true, rate: 1e6 });
    pacer.setRate(250e6);
    expect(sendUntil(pacer, 1e6)).toBeLessThanOrEqual(1e6 + pacer.quantumBytes + DATAGRAM);
    pacer.setCap(Number.POSITIVE_INFINITY);
    expect(pacer).toMatchObject({ capped: false, rate: 250e6 });
  });

  it('does not make a lifted cap wait out its old schedule', () => {
    const pacer = new Pacer(125e6, DATAGRAM);
    pacer.setCap(1_000);
    burst(pacer, 0);
    expect(pacer.nextSendUs(0)).toBeGreaterThan(1e6);
    pacer.setCap(Number.POSITIVE_INFINITY);
    expect(pacer.nextSendUs(0)).toBeLessThan(1_000);
  });

  it('takes no nonsense for a rate', () => {
    for (const rate of [0, -5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      const pacer = new Pacer(rate, DATAGRAM);
      expect(pacer.rate).toBe(1_000);
      pacer.setCap(0);
      expect(pacer.rate).toBe(1_000);
      pacer.setRate(1e6);
      pacer.setCap(rate);
      expect(pacer.rate).toBe(1_000);
    }
    expect(new Pacer(Number.POSITIVE_INFINITY, DATAGRAM).rate).toBe(1e12);
  });

  it('is due at a finite time not in the past, whatever rates and caps it is given', () => {
    const step = fc.record({
      us: fc.integer({ min: 0, max: 20_000 }),
      rate: fc.double(),
      cap: fc.double(),
      datagramBytes: fc.constantFrom(DATAGRAM, 9_000),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const pacer = new Pacer(1e6, DATAGRAM);
        let nowUs = 0;
        for (const { us, rate, cap, datagramBytes } of steps) {
          nowUs += us;
          pacer.setRate(rate);
          pacer.setCap(cap);
          pacer.setDatagramBytes(datagramBytes);
          pacer.onSent(nowUs, datagramBytes);
          checkNumbers(pacer, 'pacer');
          expect(pacer.nextSendUs(nowUs)).toBeGreaterThanOrEqual(nowUs);
          expect(pacer.nextSendUs(nowUs)).toBeLessThan(nowUs + 1e12);
        }
      }),
    );
  });

  it('makes up for a turn that comes up to 10 ms late when it was all that was waited for', () => {
    const sentAfter = (lateUs: number, forPacer: boolean): number => {
      const pacer = new Pacer(100_000_000, DATAGRAM);
      pacer.onSent(0, DATAGRAM);
      pacer.waits(forPacer);
      let sent = 0;
      while (pacer.canSend(lateUs)) {
        pacer.onSent(lateUs, DATAGRAM);
        sent += DATAGRAM;
      }
      return sent;
    };
    expect(sentAfter(9_000, true)).toBeGreaterThan(900_000);
    expect(sentAfter(11_000, true)).toBeLessThan(70_000);
    expect(sentAfter(9_000, false)).toBeLessThan(70_000);
  });

  it('never exceeds rate × time by more than a burst and what it may catch up', () => {
    const step = fc.record({
      us: fc.integer({ min: 0, max: 20_000 }),
      packets: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 1e9 }), fc.array(step), (rate, steps) => {
        const pacer = new Pacer(rate, DATAGRAM);
        let nowUs = 0;
        let sent = 0;
        for (const { us, packets } of steps) {
          nowUs += us;
          for (let packet = 0; packet < packets && pacer.canSend(nowUs); packet++) {
            pacer.onSent(nowUs, DATAGRAM);
            sent += DATAGRAM;
          }
        }
        const allowed = (rate * (nowUs + 2_000)) / 1e6 + pacer.quantumBytes + DATAGRAM;
        expect(sent).toBeLessThanOrEqual(allowed + 1);
        expect(Number.isFinite(pacer.nextSendUs(nowUs))).toBe(true);
      }),
    );
  });
});
