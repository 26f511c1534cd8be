import { describe, expect, it } from 'vitest';
import { Lateness } from './lateness.ts';

describe('lateness', () => {
  it('is nothing before the first packet', () => {
    expect(new Lateness().report()).toEqual({ meanMs: 0, p99Ms: 0, worstMs: 0 });
  });

  it('tells mean, the bound of 99 in 100, and the worst, however late', () => {
    const lateness = new Lateness();
    for (let packet = 0; packet < 990; packet++) lateness.add(110);
    for (let packet = 0; packet < 10; packet++) lateness.add(300_000);
    expect(lateness.report()).toEqual({ meanMs: (0.11 * 990 + 300 * 10) / 1000, p99Ms: 0.12, worstMs: 300 });
  });
});
