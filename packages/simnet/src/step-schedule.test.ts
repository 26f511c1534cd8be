import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepSchedule } from './step-schedule.ts';

const steps = [
  { atUs: 0, value: 1000 },
  { atUs: 1e6, value: 100 },
  { atUs: 2e6, value: 10_000 },
];

describe('StepSchedule', () => {
  it('holds each value from its time on, whatever the order of asking', () => {
    const schedule = new StepSchedule(steps);
    expect([0, 999_999, 1e6, 5e6, 1.5e6, 0].map((at) => schedule.valueAt(at))).toEqual([
      1000, 1000, 100, 10_000, 100, 1000,
    ]);
  });

  it('integrates the rate over its steps', () => {
    const schedule = new StepSchedule(steps);
    expect(schedule.serviceEndUs(0, 500)).toBe(500_000);
    expect(schedule.serviceEndUs(500_000, 550)).toBeCloseTo(1.5e6);
    expect(schedule.serviceEndUs(500_000, 500 + 100 + 10_000)).toBeCloseTo(3e6);
  });

  it('takes as long for parts as for the whole', () => {
    fc.assert(
      fc.property(fc.nat(3e6), fc.nat(3000), fc.nat(3000), (startUs, first, second) => {
        const schedule = new StepSchedule(steps);
        const whole = schedule.serviceEndUs(startUs, first + second);
        const parts = schedule.serviceEndUs(schedule.serviceEndUs(startUs, first), second);
        expect(Math.abs(whole - parts)).toBeLessThan(1e-3);
      }),
    );
  });

  it('refuses steps that do not start at 0 or go back', () => {
    expect(() => new StepSchedule([{ atUs: 1, value: 1 }])).toThrow(RangeError);
    expect(
      () =>
        new StepSchedule([
          { atUs: 0, value: 1 },
          { atUs: 0, value: 2 },
        ]),
    ).toThrow(RangeError);
  });
});
