import { describe, expect, it } from 'vitest';
import type { ConnectionEvent } from '../contract.ts';
import { EventQueue } from './event-queue.ts';

const wanted = (transfer: number): ConnectionEvent => ({ type: 'block-wanted', transfer });

function all(queue: EventQueue): ConnectionEvent[] {
  const events: ConnectionEvent[] = [];
  for (let event = queue.poll(); event !== undefined; event = queue.poll()) events.push(event);
  return events;
}

describe('EventQueue', () => {
  it('gives events in their order, however many wait', () => {
    const queue = new EventQueue();
    const taken: number[] = [];
    let next = 0;
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < 7; i++) queue.push(wanted(next++));
      for (let i = 0; i < 5; i++) taken.push((queue.poll() as { transfer: number }).transfer);
    }
    for (const event of all(queue)) taken.push((event as { transfer: number }).transfer);
    expect(taken).toEqual(Array.from({ length: next }, (_, i) => i));
    expect(queue.isEmpty).toBe(true);
  });

  it('takes nothing after the last event', () => {
    const queue = new EventQueue();
    queue.push({ type: 'closed', code: 'none', reason: '', byPeer: false });
    queue.push(wanted(1));
    expect(all(queue).map(({ type }) => type)).toEqual(['closed']);
  });

  it('takes back the events of a transfer and names its blocks', () => {
    const queue = new EventQueue();
    queue.push(wanted(1));
    queue.push({ type: 'block-received', transfer: 2, block: 9, bytes: new Uint8Array(1) });
    queue.push({ type: 'stream-data', stream: 2, bytes: new Uint8Array(1) });
    queue.push({ type: 'stream-data', stream: 0, bytes: new Uint8Array(1) });
    const blocks: number[] = [];
    queue.discardTransfer(2, (block) => blocks.push(block));
    expect(blocks).toEqual([9]);
    expect(all(queue).map(({ type }) => type)).toEqual(['block-wanted', 'stream-data']);
  });
});
