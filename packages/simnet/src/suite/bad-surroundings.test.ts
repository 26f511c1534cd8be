import { describe, expect, it } from 'vitest';
import { BAD_SURROUNDINGS, LONG_ROUND_TRIP_US, LONGER_ROUND_TRIP } from '../scenarios/bad-surroundings.ts';
import { PAYLOAD_SHARE } from '../scenarios/expected-time.ts';
import { MEGABIT } from '../scenarios/path.ts';
import { prove } from '../testing/prove.ts';

describe('a transfer ends with equal bytes or a named error, in bounded time and memory', () => {
  for (const scenario of BAD_SURROUNDINGS) {
    if (scenario !== LONGER_ROUND_TRIP) it(`${scenario.name}: ${scenario.about}`, () => void prove(scenario));
  }

  it(`${LONGER_ROUND_TRIP.name}: ${LONGER_ROUND_TRIP.about}`, () => {
    const { trace } = prove(LONGER_ROUND_TRIP).flows[0]!;
    const { learned, ends } = LONG_ROUND_TRIP_US;
    const rate = ((trace.ackedBy(ends) - trace.ackedBy(learned)) / (ends - learned)) * 1e6;
    expect(rate).toBeGreaterThan(0.9 * PAYLOAD_SHARE * 100 * MEGABIT);
  });
});
