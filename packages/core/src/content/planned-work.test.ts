import { describe, expect, it } from 'vitest';
import { PlannedWork } from './planned-work.ts';

describe('PlannedWork', () => {
  it('[PL-1] waits until its block is planned, and keeps its order', () => {
    const planned = new PlannedWork();
    const done: string[] = [];
    for (const [block, name] of [
      [1, 'a'],
      [0, 'b'],
      [1, 'c'],
    ] as const)
      expect(planned.when(block, () => done.push(name))).toBeUndefined();
    planned.release(1);
    expect([done, planned.waiting]).toEqual([['b'], 2]);
    planned.release(0);
    planned.release(2);
    expect([done, planned.waiting]).toEqual([['b', 'a', 'c'], 0]);
    expect(planned.when(1, () => 'at once')).toBe('at once');
  });
});
