import { describe, expect, it } from 'vitest';
import { checkInvariants, checkNumbers } from './check-invariants.ts';
import type { CongestionController } from './controller.ts';
import { createController } from './create-controller.ts';
import { DeliveryRateEstimator } from './delivery-rate-estimator.ts';
import { Pacer } from './pacer.ts';
import { RttEstimator } from './rtt-estimator.ts';

function controllerWith(fields: object): CongestionController {
  const controller = createController('cubic', {
    datagramBytes: 1_200,
    initialWindowBytes: 12_000,
    random: () => 0,
  });
  return Object.assign(controller, fields);
}

describe('checkInvariants', () => {
  it('accepts a fresh controller', () => {
    expect(() => checkInvariants(controllerWith({}), 1_200)).not.toThrow();
  });

  it.each([
    [{ windowBytes: Number.POSITIVE_INFINITY }, 'windowBytes is Infinity'],
    [{ windowBytes: 2_399 }, 'windowBytes is 2399'],
    [{ pacingRate: 0 }, 'pacingRate is 0'],
    [{ plateauBytes: Number.NaN }, 'cubic.plateauBytes is NaN'],
    [{ renoBytes: -1 }, 'cubic.renoBytes is -1'],
    [
      { before: { windowBytes: Number.POSITIVE_INFINITY, slowStartThreshold: 0, plateauBytes: 0 } },
      'cubic.before.windowBytes is Infinity',
    ],
    [{ slowStartThreshold: -1 }, 'cubic.slowStartThreshold is -1'],
  ])('names what is wrong in %o', (fields, message) => {
    expect(() => checkInvariants(controllerWith(fields), 1_200)).toThrow(message);
  });

  it('lets Infinity stand for a bound that is not set', () => {
    expect(() =>
      checkInvariants(controllerWith({ slowStartThreshold: Number.POSITIVE_INFINITY }), 1_200),
    ).not.toThrow();
  });

  it('sees into each part that a sender is made of', () => {
    const parts = [new Pacer(1e6, 1_200), new RttEstimator(), new DeliveryRateEstimator()];
    for (const part of parts) {
      const kind = part.constructor.name;
      expect(() => checkNumbers(part, kind)).not.toThrow();
      const numbers = Object.entries(part).filter(([, value]) => typeof value === 'number');
      expect(numbers.length).toBeGreaterThan(3);
      for (const [name, value] of numbers) {
        expect(() => checkNumbers(Object.assign(part, { [name]: Number.NaN }), kind)).toThrow(
          `${kind}.${name} is NaN`,
        );
        Object.assign(part, { [name]: value });
      }
    }
  });

  it('sees into arrays, and into parts that come later', () => {
    const model = { filter: new Float64Array(2), late: undefined as { rate: number } | undefined };
    const check = () => checkNumbers(model, 'a model');
    expect(check).not.toThrow();
    model.late = { rate: 1 };
    expect(check).not.toThrow();
    model.late.rate = Number.NaN;
    expect(check).toThrow('a model.late.rate is NaN');
    model.late = undefined;
    model.filter[1] = Number.NaN;
    expect(check).toThrow('a model.filter.1 is NaN');
  });
});
