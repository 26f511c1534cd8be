import { describe, expect, it } from 'vitest';
import { CoDel } from './codel.ts';

/** Packets leave every millisecond and have waited for so long. @returns times of drops, ms */
function dropsMs(waitedMs: (nowMs: number) => number, untilMs: number): number[] {
  const codel = new CoDel();
  const drops: number[] = [];
  for (let ms = 0; ms < untilMs; ms++)
    if (codel.drops((ms - waitedMs(ms)) * 1_000, ms * 1_000)) drops.push(ms);
  return drops;
}

describe('CoDel', () => {
  it('drops nothing from a queue below its target', () => {
    expect(dropsMs(() => 4.9, 10_000)).toEqual([]);
  });

  it('drops nothing from a queue that empties every 100 ms', () => {
    expect(dropsMs((ms) => (ms % 99 === 0 ? 0 : 50), 10_000)).toEqual([]);
  });

  it('drops after 100 ms above the target, and then by the square root of the count (RFC 8289 §4.3)', () => {
    const drops = dropsMs(() => 20, 1_000);
    expect(drops.slice(0, 4)).toEqual([100, 200, 271, 329]);
  });

  it('goes on where it was when the queue comes back soon', () => {
    const drops = dropsMs((ms) => (ms > 600 && ms < 650 ? 0 : 20), 1_000);
    const after = drops.filter((ms) => ms > 650);
    expect(after[0]).toBe(750);
    expect(after[1]! - after[0]!).toBeLessThan(60);
  });
});
