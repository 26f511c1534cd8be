import { BLOCK_BYTES } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { BulkSender } from './bulk-sender.ts';

interface Segment {
  address: number;
  length: number;
  resent: boolean;
  bytes: Uint8Array;
}

function sendNext(sender: BulkSender, atMost = BLOCK_BYTES): Segment | undefined {
  if (!sender.prepare()) return undefined;
  const length = Math.min(atMost, sender.nextLength);
  const segment = {
    address: sender.nextAddress,
    length,
    resent: sender.nextIsResent,
    bytes: new Uint8Array(length),
  };
  sender.send(length, segment.bytes, 0);
  return segment;
}

function sendAll(sender: BulkSender, size: number): Segment[] {
  const segments: Segment[] = [];
  for (let next = sendNext(sender, size); next !== undefined; next = sendNext(sender, size))
    segments.push(next);
  return segments;
}

describe('BulkSender', () => {
  it('sends blocks in the order offered, each from its start', () => {
    const sender = new BulkSender(1, 10);
    sender.offer(7, new Uint8Array(2500).fill(7));
    sender.offer(3, new Uint8Array(10).fill(3));
    const segments = sendAll(sender, 1000);
    expect(segments.map(({ address, length }) => [address - 7 * BLOCK_BYTES, length])).toEqual([
      [0, 1000],
      [1000, 1000],
      [2000, 500],
      [-4 * BLOCK_BYTES, 10],
    ]);
    expect(segments[3]!.bytes).toEqual(new Uint8Array(10).fill(3));
  });

  it('begins no block beyond the credit, but goes on with those begun', () => {
    const sender = new BulkSender(1, 1);
    sender.offer(0, new Uint8Array(100));
    sender.offer(1, new Uint8Array(100));
    expect(sendAll(sender, 60)).toHaveLength(2);
    expect(sender.ownLimiter).toBe('peer-credit');
    sender.raiseCredit(2, 0);
    expect(sender.ownLimiter).toBeUndefined();
    expect(sendAll(sender, 60)).toHaveLength(2);
  });

  it("tells the peer's storage from a window that is too small", () => {
    const sender = new BulkSender(1, 4);
    expect(sender.ownLimiter).toBe('application');
    for (let block = 0; block < 6; block++) sender.offer(block, new Uint8Array(10));
    const sent = sendAll(sender, 10);
    const ack = (block: number): void => {
      const { address, length } = sent[block]!;
      sender.onAcked(address, length);
    };
    for (const block of [0, 1]) ack(block);
    // Two of four wait for bytes or their acknowledgement: that is the network's time.
    expect(sender.ownLimiter).toBe('peer-credit');
    ack(2);
    expect(sender.ownLimiter).toBe('peer-storage');
    sender.raiseCredit(4, 3);
    expect(sender.ownLimiter).toBe('peer-credit');
    sender.raiseCredit(7, 3);
    expect(sender.ownLimiter).toBeUndefined();
    sender.onLost(sent[3]!.address, 10);
    sendAll(sender, 10);
    expect(sender.ownLimiter).toBe('application');
  });

  it('sends lost bytes before new ones, and nothing twice that was acknowledged meanwhile', () => {
    const sender = new BulkSender(1, 10);
    sender.offer(0, new Uint8Array(5000));
    const first = sendNext(sender, 1000)!;
    const second = sendNext(sender, 1000)!;
    sender.onLost(first.address, 1000);
    sender.onLost(second.address, 1000);
    sender.onAcked(first.address + 200, 300);
    const again = sendAll(sender, 1000).slice(0, 3);
    expect(again.map(({ address, length, resent }) => [address, length, resent])).toEqual([
      [0, 200, true],
      [500, 1000, true],
      [1500, 500, true],
    ]);
  });

  it('is done with a block when all of it was acknowledged, in any order', () => {
    const sender = new BulkSender(1, 10);
    sender.offer(0, new Uint8Array(3000));
    const segments = sendAll(sender, 1000);
    expect(segments.map(({ address, length }) => sender.onAcked(address, length))).toEqual([
      false,
      false,
      true,
    ]);
    expect(sender.activeBlocks).toBe(0);
    expect(sender.ackedBytes).toBe(3000);
  });

  it('[BD-1] never takes an acknowledgement of an earlier beginning for the present one', () => {
    const sender = new BulkSender(1, 10);
    sender.offer(0, new Uint8Array(1000));
    const old = sendNext(sender)!;
    sender.onAcked(old.address, old.length);
    sender.offer(0, new Uint8Array(1000).fill(1));
    const fresh = sendNext(sender)!;
    expect(sender.onAcked(old.address, old.length)).toBe(false);
    sender.onLost(old.address, old.length);
    expect(sender.prepare()).toBe(false);
    expect(sender.onAcked(fresh.address, fresh.length)).toBe(true);
  });

  it('[BD-1] refuses other bytes for a block while one beginning of it is under way', () => {
    const sender = new BulkSender(1, 10);
    sender.offer(0, new Uint8Array(1000));
    expect(() => sender.offer(0, new Uint8Array(1000))).toThrow(/cannot be sent now/);
  });

  it('[BD-4] sends a block once more at its second address, before blocks that were not begun, counting it again', () => {
    const sender = new BulkSender(1, 3);
    sender.offer(0, new Uint8Array(10));
    const old = sendNext(sender)!;
    sender.onAcked(old.address, old.length);
    for (const block of [1, 2, 3]) sender.offer(block, new Uint8Array(10));
    sendNext(sender, 5);
    sender.offer(0, new Uint8Array(10));
    expect(sendAll(sender, 10).map(({ address }) => address)).toEqual([BLOCK_BYTES + 5, 2 ** 52]);
    expect(sender.ownLimiter).toBe('peer-credit');
  });

  it('[DI-2] sends no block a third time', () => {
    const sender = new BulkSender(1, 3);
    for (let sending = 1; sending <= 2; sending++) {
      sender.offer(0, new Uint8Array(10));
      const sent = sendNext(sender)!;
      expect(sender.onAcked(sent.address, sent.length)).toBe(true);
    }
    expect(() => sender.offer(0, new Uint8Array(10))).toThrow('cannot be sent now');
  });

  it('asks for blocks until enough bytes are under way', () => {
    const sender = new BulkSender(1, 10);
    sender.targetBytes = 3000;
    expect(sender.becameWanting()).toBe(true);
    expect(sender.becameWanting()).toBe(false);
    expect(sender.offer(0, new Uint8Array(2000))).toBe(true);
    expect(sender.offer(1, new Uint8Array(2000))).toBe(false);
    expect(sender.becameWanting()).toBe(false);
    const [first] = sendAll(sender, 2000);
    sender.onAcked(first!.address, first!.length);
    expect(sender.becameWanting()).toBe(true);
  });

  it('refuses blocks of impossible size or number', () => {
    const sender = new BulkSender(1, 10);
    for (const length of [0, BLOCK_BYTES + 1])
      expect(() => sender.offer(0, new Uint8Array(length))).toThrow(/bytes/);
    for (const block of [-1, 0.5, 2 ** 33, Number.NaN]) {
      expect(() => sender.offer(block, new Uint8Array(1))).toThrow(/cannot be sent/);
    }
  });
});
