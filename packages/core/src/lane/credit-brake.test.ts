import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
import { CreditBrake } from './credit-brake.ts';

const BLOCK = 2 ** 20;

/** A sender that always has as many blocks under way as it has credit for. */
async function greedySender(clock: ManualClock, brake: CreditBrake, credit: number, seconds: number) {
  let blocks = 0;
  let free = credit;
  for (let step = 0; step < seconds * 20; step++) {
    const begun = free;
    free = 0;
    for (let block = 0; block < begun; block++) {
      blocks++;
      brake.onReceived(BLOCK);
      brake.release(() => free++);
    }
    await clock.advance(50);
  }
  return blocks;
}

describe('a brake on credit', () => {
  it('lets blocks of a peer that ignores its limit come at little more than that', async () => {
    const clock = new ManualClock();
    const brake = new CreditBrake(clock);
    brake.setRate(10 * BLOCK);
    await clock.advance(2_000);
    const blocks = await greedySender(clock, brake, 100, 60);
    expect(blocks).toBeGreaterThan(600);
    expect(blocks).toBeLessThan(1.25 * 600 + 100 + 4 + 25 + 2);
  });

  it('holds nothing of a peer that keeps to it, through changes of the limit', async () => {
    const clock = new ManualClock();
    const brake = new CreditBrake(clock);
    let held = 0;
    for (const megabytes of [100, 10, 50, 1, 20]) {
      brake.setRate(megabytes * BLOCK);
      for (let block = 0; block < megabytes * 10; block++) {
        await clock.advance(1_000 / megabytes);
        held++;
        brake.onReceived(BLOCK);
        brake.release(() => held--);
        expect(held).toBe(0);
      }
    }
  });

  it('gives the peer time to hear of a lower limit', async () => {
    const clock = new ManualClock();
    const brake = new CreditBrake(clock);
    brake.setRate(1_000);
    expect(await greedySender(clock, brake, 10, 1)).toBe(200);
    await clock.advance(2_000);
    expect(await greedySender(clock, brake, 10, 1)).toBeLessThan(20);
  });

  it('gives back all that it held at the end, and waits for nothing', async () => {
    const clock = new ManualClock();
    const brake = new CreditBrake(clock);
    brake.setRate(1_000);
    await clock.advance(3_000);
    let held = 0;
    for (let block = 0; block < 20; block++) {
      held++;
      brake.onReceived(BLOCK);
      brake.release(() => held--);
    }
    expect(held).toBeGreaterThan(10);
    brake.end();
    expect(held).toBe(0);
    expect(clock.isIdle).toBe(true);
  });
});
