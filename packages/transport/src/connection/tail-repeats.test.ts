import { describe, expect, it } from 'vitest';
import { BulkSink, BulkSource, drain, fullBlocks } from '../testing/bulk-applications.ts';
import { connectedPair } from '../testing/connected-pair.ts';
import { VirtualPath } from '../testing/virtual-path.ts';
import { TailRepeats } from './tail-repeats.ts';

const RTT_US = 80_000;
const BYTES = 1_400;
const LOST = 5;

describe('what is sent again at the end', () => {
  it('is repeated once, an eighth of a round trip later', () => {
    const tail = new TailRepeats();
    expect(tail.wakeUs).toBe(Number.POSITIVE_INFINITY);
    tail.onResent(1_000, 5, BYTES, RTT_US, 0);
    tail.onResent(1_500, 6, BYTES, RTT_US, 0);
    expect(tail.wakeUs).toBe(11_000);
    expect(tail.takeDue(10_999)).toBe(-1);
    expect(tail.takeDue(11_000)).toBe(5);
    expect(tail.takeDue(11_000)).toBe(-1);
    expect(tail.takeDue(11_500)).toBe(6);
    expect(tail.wakeUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('is repeated soon enough on a long path, and not at once on a short one', () => {
    const tail = new TailRepeats();
    tail.onResent(0, 1, BYTES, 10_000_000, 0);
    expect(tail.wakeUs).toBe(25_000);
    tail.takeDue(25_000);
    tail.onResent(0, 2, BYTES, 100, 0);
    expect(tail.wakeUs).toBe(1_000);
  });

  it('costs 64 KiB, and 0.4 % of what was sent beyond that', () => {
    const tail = new TailRepeats();
    let taken = 0;
    for (let number = 0; number < 1_000; number++) {
      tail.onResent(number, number, BYTES, RTT_US, 100 * 2 ** 20);
      if (tail.takeDue(1e9) >= 0) taken += 1;
    }
    expect(taken * BYTES).toBeLessThanOrEqual(64 * 1024 + (100 * 2 ** 20) / 256);
    expect(taken).toBeGreaterThan(300);
  });

  it('ends a transfer within a round trip and a half of the first losses, though all that is sent again is lost once more', () => {
    const pair = connectedPair();
    const blocks = fullBlocks(4);
    const path = new VirtualPath(pair, { delayUs: 20_000, rateBytesPerSecond: 12_500_000 });
    const source = new BulkSource(pair.client, 1, blocks);
    const sink = new BulkSink(pair.server, 1, blocks);
    path.onStep = () => {
      drain(pair.client, source);
      drain(pair.server, sink);
    };
    const total = 4 * 2 ** 20;
    let firstLossUs = 0;
    let lastUs = 0;
    let resentBytes = 0;
    let lostAgain = 0;
    path.drop = (direction, _bytes, nowUs) => {
      if (direction !== 'up') return false;
      const { bulkBytesSent, bulkBytesResent } = pair.client.stats();
      const isResent = bulkBytesResent > resentBytes;
      resentBytes = bulkBytesResent;
      if (isResent) return lostAgain++ < LOST;
      if (bulkBytesSent < total - 2 * LOST * BYTES || bulkBytesSent > total - LOST * BYTES) return false;
      if (firstLossUs === 0) firstLossUs = nowUs;
      lastUs = nowUs;
      return true;
    };
    path.run(() => sink.isDone, 10_000_000);
    expect(sink.isDone).toBe(true);
    expect(lostAgain).toBeGreaterThan(LOST);
    // A round trip (60 ms with what is queued) until the losses show, half of one for what goes then, and the wait for its repeat.
    expect(path.nowUs - lastUs).toBeLessThan(2 * 60_000);
    expect(lastUs - firstLossUs).toBeLessThan(5_000);
  });
});
