import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

const BYTES = 1_000;

function sink() {
  const departures: number[] = [];
  return { departures, onDeparture: (packet: number) => void departures.push(packet) };
}

function drain(queue: FairQueue): void {
  for (let atUs = queue.nextEventUs(); Number.isFinite(atUs); atUs = queue.nextEventUs())
    queue.handleEvent(atUs);
}

describe('FairQueue', () => {
  it('serves senders in turns, however much one of them sends', () => {
    const queue = new FairQueue(1e9, 1e6);
    const order: string[] = [];
    const greedy = { onDeparture: () => void order.push('greedy') };
    const modest = { onDeparture: () => void order.push('modest') };
    for (let packet = 0; packet < 60; packet++) queue.offer(0, BYTES, greedy, packet);
    for (let packet = 0; packet < 20; packet++) queue.offer(0, BYTES, modest, packet);
    drain(queue);
    expect(order).toHaveLength(80);
    expect(order.slice(0, 41).filter((who) => who === 'modest').length).toBeGreaterThan(18);
  });

  it('keeps the order of a sender and takes the time that the rate says', () => {
    const queue = new FairQueue(1e6, 1e6);
    const { departures, onDeparture } = sink();
    const times: number[] = [];
    const timed = {
      onDeparture: (packet: number, atUs: number) => {
        onDeparture(packet);
        times.push(atUs);
      },
    };
    for (let packet = 0; packet < 4; packet++) queue.offer(0, BYTES, timed, packet);
    drain(queue);
    expect(departures).toEqual([0, 1, 2, 3]);
    expect(times).toEqual([1_000, 2_000, 3_000, 4_000]);
    expect(queue.queuedBytes()).toBe(0);
  });

  it('takes what is too much from the head of the longest queue', () => {
    const queue = new FairQueue(1, 5 * BYTES);
    const [greedy, modest] = [sink(), sink()];
    for (let packet = 0; packet < 10; packet++) queue.offer(0, BYTES, greedy, packet);
    queue.offer(0, BYTES, modest, 0);
    expect(queue.droppedBytes).toBe(5 * BYTES);
    expect(queue.queuedBytes()).toBe(5 * BYTES);
  });

  it('has a queue that stands kept short by CoDel', () => {
    const queue = new FairQueue(1e6, 1e6);
    const greedy = sink();
    for (let packet = 0; packet < 500; packet++) queue.offer(0, BYTES, greedy, packet);
    drain(queue);
    expect(queue.droppedBytes).toBeGreaterThan(3 * BYTES);
    expect(greedy.departures.length + queue.droppedBytes / BYTES).toBe(500);
  });
});
