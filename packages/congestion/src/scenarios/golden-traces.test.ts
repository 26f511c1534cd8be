import { describe, expect, it } from 'vitest';
import { goldenTrace } from '../testing/golden-trace.ts';

// What a change of a controller does to its course shows here as a difference to be read: `npx vitest run golden -u` takes it over.
// The same as a picture: `npm run scenario -- NAME --svg FILE` in packages/simnet.

const PATH = { mbitPerSecond: 50, rttMs: 50, bufferBdp: 2 };

describe('the course of', () => {
  it.each(['bbr', 'cubic'] as const)('%s on a clean path', (name) => {
    expect(goldenTrace({ ...PATH, controllers: [name] }, 24)).toMatchSnapshot();
  });

  it('bbr through a cycle of probing, with 1 % random loss', () => {
    expect(goldenTrace({ ...PATH, loss: 0.01 }, 120, 4)).toMatchSnapshot();
  });

  it('bbr when the rate falls to a tenth and comes back', () => {
    const rateSteps = [
      { fromUs: 2e6, bytesPerSecond: 5 * 125_000 },
      { fromUs: 5e6, bytesPerSecond: 50 * 125_000 },
    ];
    expect(goldenTrace({ ...PATH, link: { rateSteps } }, 200, 5)).toMatchSnapshot();
  });

  it('cubic after a loss', () => {
    expect(goldenTrace({ ...PATH, bufferBdp: 0.5, controllers: ['cubic'] }, 200, 5)).toMatchSnapshot();
  });
});
