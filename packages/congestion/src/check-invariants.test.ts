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
    [{ model: { filter: [1, Number.NaN] } }, 'cubic.model.filter.1 is NaN'],
    [{ model: { minRttUs: Number.POSITIVE_INFINITY } }, 'cubic.model.minRttUs is Infinity'],
    [{ inflight: -1 }, 'cubic.inflight is -1'],
  ])('names what is wrong in %o', (fields, message) => {
    expect(() => checkInvariants(controllerWith(fields), 1_200)).toThrow(message);
  });

  it('lets Infinity stand for a bound that is not set', () => {
    expect(() =>
      checkInvariants(controllerWith({ inflightLongterm: Number.POSITIVE_INFINITY }), 1_200),
    ).not.toThrow();
  });

  it('sees into each part that a sender is made of', () => {
    const parts = [new Pacer(1e6, 1_200), new RttEstimator(), new DeliveryRateEstimator()];
    for (const part of parts) {
      expect(() => checkNumbers(part, 'part')).not.toThrow();
      const numbers = Object.entries(part).filter(([, value]) => typeof value === 'number');
      expect(numbers.length).toBeGreaterThan(3);
      for (const [name, value] of numbers) {
        expect(() => checkNumbers(Object.assign(part, { [name]: Number.NaN }), 'part')).toThrow(
          `part.${name} is NaN`,
        );
        Object.assign(part, { [name]: value });
      }
    }
  });
});
