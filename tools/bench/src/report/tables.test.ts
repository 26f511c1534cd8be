import { describe, expect, it } from 'vitest';
import { atLeast, atMost, type Bound, between } from '../cases/case.ts';
import { boundsTable } from './bounds-table.ts';
import { markdownTable } from './markdown-table.ts';
import { describeInterval, verdict } from './quantity.ts';

describe('a table', () => {
  it('is Markdown that can be read as it is, with numbers to the right', () => {
    expect(
      markdownTable(
        ['', 'time', 'what'],
        [
          ['a', '1.50', 'x'],
          ['long', '22.50', '–'],
        ],
      ),
    ).toBe(
      [
        '|      |  time | what |',
        '| ---- | ----: | ---- |',
        '| a    |  1.50 | x    |',
        '| long | 22.50 | –    |',
      ].join('\n'),
    );
  });
});

describe('a bound', () => {
  it.each([
    [0.9, 'met, stretch too'],
    [0.84, 'met, stretch too'],
    [0.77, 'met'],
    [0.7699, 'MISSED'],
  ])('of at least 77 % with 84 % as stretch: %d is %s', (value, expected) => {
    expect(verdict(value, { bound: atLeast(0.77), stretch: atLeast(0.84) })).toBe(expected);
  });

  it('may have two ends', () => {
    const share = { bound: between(0.25, 0.75), stretch: between(0.4, 0.6) };
    expect([0.2, 0.3, 0.5, 0.8].map((value) => verdict(value, share))).toEqual([
      'MISSED',
      'met',
      'met, stretch too',
      'MISSED',
    ]);
    expect(describeInterval(share.bound, 'share')).toBe('25.0 % to 75.0 %');
    expect(describeInterval(atMost(0.003), 'share')).toBe('≤ 0.30 %');
  });

  it('is said not to be measured where somebody did not take part', () => {
    const bound: Bound<number> = {
      what: 'speed',
      unit: 'ratio',
      bound: atLeast(2),
      stretch: atLeast(3),
      of: (results) => (results === 0 ? undefined : results),
    };
    expect(boundsTable([bound], 0)).toContain('| not measured |');
    expect(boundsTable([bound], 2.5)).toMatch(/\| +≥ 2\.00× \| +≥ 3\.00× \| +2\.50× \| met +\|/);
  });
});
