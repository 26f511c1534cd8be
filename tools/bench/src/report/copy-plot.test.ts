import { describe, expect, it } from 'vitest';
import { copyPlot, means } from './copy-plot.ts';

describe('the plot of a copy', () => {
  it('shows rate, round trip and queue', () => {
    const values = Array.from({ length: 50 }, (_, index) => index);
    const svg = copyPlot('wan-256m <1 %>', {
      stepMs: 20,
      deliveredMbitPerSecond: values,
      queueMs: values,
      roundTripMs: values,
    });
    expect(svg.match(/<polyline/g)).toHaveLength(3);
    expect(svg).toContain('wan-256m &lt;1 %&gt;');
    expect(svg).not.toContain('NaN');
  });

  it('takes means of neighbours, and none of a rest', () => {
    expect(means([1, 3, 5, 7, 9], 2)).toEqual([2, 6]);
  });
});
