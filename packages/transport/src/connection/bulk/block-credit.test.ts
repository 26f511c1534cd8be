import { describe, expect, it } from 'vitest';
import { BlockBudget, ConnectionBudget } from './block-budget.ts';
import { BlockCredit } from './block-credit.ts';

function unbounded(): ConnectionBudget {
  return new ConnectionBudget(new BlockBudget(Number.POSITIVE_INFINITY));
}

function opened(maxBlocks: number): BlockCredit {
  const credit = new BlockCredit(2, unbounded());
  credit.open(maxBlocks);
  credit.announce();
  return credit;
}

describe('BlockCredit', () => {
  it('gives what the handshake promised, and more once it is opened', () => {
    const credit = new BlockCredit(2, unbounded());
    expect([credit.announcedBlocks, credit.isDue]).toEqual([2, false]);
    credit.open(64);
    expect(credit.isDue).toBe(true);
    expect(credit.announce()).toBe(32);
  });

  it('never takes back what it promised', () => {
    const credit = new BlockCredit(2, unbounded());
    credit.open(1);
    expect(credit.announce()).toBe(2);
  });

  it('counts over the life of the transfer: each block released is one more to begin', () => {
    const credit = opened(16);
    for (let i = 0; i < 5; i++) credit.onBegun(i * 1_000_000, 1000, 1);
    for (let i = 0; i < 5; i++) credit.onReleased();
    expect(credit.isDue).toBe(true);
    expect(credit.announce()).toBe(21);
  });

  it('grows when a round trip uses up more than a quarter of it, up to its bound', () => {
    const credit = opened(100);
    let nowUs = 0;
    for (let i = 0; i < 400; i++) {
      credit.onBegun(nowUs, 100_000, 1);
      credit.onReleased();
      nowUs += 1000;
    }
    expect(credit.announce()).toBe(400 + 100);
  });

  it('stays small on a short path', () => {
    const credit = opened(100);
    for (let i = 0; i < 400; i++) {
      credit.onBegun(i * 1000, 1000, 1);
      credit.onReleased();
    }
    expect(credit.announce()).toBe(400 + 32);
  });

  it('stays small when the disk holds the blocks', () => {
    const credit = opened(100);
    for (let i = 0; i < 232; i++) {
      if (i >= 32) credit.onReleased();
      credit.announce();
      credit.onBegun(i * 50_000, 20_000, 1);
    }
    expect(credit.announcedBlocks - 200).toBe(32);
  });

  it('grows when blocks wait for bytes of the network', () => {
    const credit = opened(100);
    for (let i = 0; i < 9; i++) credit.onBegun(i * 1_000_000, 1000, i + 1);
    expect(credit.announce()).toBe(64);
  });

  it('[FR-5] is announced again when the frame was lost', () => {
    const credit = opened(16);
    expect(credit.isDue).toBe(false);
    credit.onAnnouncementLost();
    expect(credit.isDue).toBe(true);
    expect(credit.announce()).toBe(16);
    expect(credit.isDue).toBe(false);
  });
});
