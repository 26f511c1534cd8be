import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceiveStream } from './receive-stream.ts';
import { SEND_QUEUE_BYTES, SendStream } from './send-stream.ts';

const CREDIT = 64 * 1024;

/** Bytes `from`…`to` of an endless pattern without short periods. */
function pattern(from: number, to: number): Uint8Array {
  return Uint8Array.from({ length: to - from }, (_, i) => ((from + i) * 167 + ((from + i) >>> 8)) & 255);
}

/** Collects what a receive stream delivers. */
function receiveAll(stream: ReceiveStream, offset: number, bytes: Uint8Array): number[] {
  const delivered: number[] = [];
  let part = stream.receive(offset, bytes, 0, bytes.length);
  while (part !== undefined) {
    delivered.push(...part);
    part = stream.takeEarly();
  }
  return delivered;
}

describe('SendStream and ReceiveStream', () => {
  it('deliver every byte once and in order over a path that loses, repeats and reorders', () => {
    const action = fc.record({
      kind: fc.constantFrom('write', 'send', 'send', 'lose', 'arrive', 'arrive', 'again'),
      size: fc.integer({ min: 1, max: 9000 }),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const sender = new SendStream(0, CREDIT);
        const receiver = new ReceiveStream(0, CREDIT);
        receiver.raiseWindow(CREDIT);
        let written = 0;
        const delivered: number[] = [];
        const flying: { offset: number; bytes: Uint8Array }[] = [];
        const arrived: { offset: number; bytes: Uint8Array }[] = [];
        const arrive = (pick: number, lost: boolean): void => {
          const [segment] = flying.splice(pick % flying.length, 1);
          if (segment === undefined) return;
          const { offset, bytes } = segment;
          if (lost) {
            sender.onLost(offset, offset + bytes.length);
            return;
          }
          delivered.push(...receiveAll(receiver, offset, bytes));
          sender.onAcked(offset, offset + bytes.length);
          arrived.push(segment);
          receiver.consume(delivered.length - consumed);
          consumed = delivered.length;
          sender.raiseCredit(receiver.announceCredit(0, 0));
        };
        let consumed = 0;
        const send = (size: number): void => {
          if (!sender.isReady) return;
          const offset = sender.nextOffset;
          const bytes = new Uint8Array(Math.min(size, sender.nextLength));
          sender.send(bytes.length, bytes, 0);
          flying.push({ offset, bytes });
        };
        for (const { kind, size, pick } of actions) {
          if (kind === 'write') {
            sender.write(pattern(written, written + size));
            written += size;
          } else if (kind === 'send') send(size);
          else if (kind === 'again' && arrived.length > 0) {
            const { offset, bytes } = arrived[pick % arrived.length]!;
            delivered.push(...receiveAll(receiver, offset, bytes));
          } else if (flying.length > 0) arrive(pick, kind === 'lose');
        }
        for (let i = 0; i < 1000 && !(sender.isFlushed && flying.length === 0); i++) {
          send(5000);
          if (flying.length > 0) arrive(0, false);
        }
        expect(sender.isFlushed).toBe(true);
        expect(Buffer.compare(Uint8Array.from(delivered), pattern(0, written))).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});

describe('SendStream', () => {
  it('asks the writer to wait above its bound and tells it once when half is sent', () => {
    const stream = new SendStream(1, Number.MAX_SAFE_INTEGER);
    expect(stream.write(new Uint8Array(SEND_QUEUE_BYTES))).toBe(true);
    expect(stream.write(new Uint8Array(1))).toBe(false);
    const out = new Uint8Array(SEND_QUEUE_BYTES);
    stream.send(SEND_QUEUE_BYTES / 2, out, 0);
    expect(stream.becameWritable()).toBe(false);
    stream.send(1, out, 0);
    expect(stream.becameWritable()).toBe(true);
    expect(stream.becameWritable()).toBe(false);
  });

  it('sends no further than the credit of the peer', () => {
    const stream = new SendStream(1, 10);
    stream.write(new Uint8Array(15));
    expect(stream.nextLength).toBe(10);
    stream.send(10, new Uint8Array(10), 0);
    expect([stream.isReady, stream.isBlocked]).toEqual([false, true]);
    stream.raiseCredit(8);
    expect(stream.isReady).toBe(false);
    stream.raiseCredit(100);
    expect(stream.nextLength).toBe(5);
  });
});

describe('ReceiveStream', () => {
  it('[FR-6] refuses bytes beyond the credit', () => {
    const stream = new ReceiveStream(3, 100);
    expect(receiveAll(stream, 0, pattern(0, 100))).toHaveLength(100);
    expect(() => stream.receive(100, new Uint8Array(1), 0, 1)).toThrow(/credit/);
    expect(() => stream.receive(2 ** 53 - 2, new Uint8Array(1), 0, 1)).toThrow(/credit/);
  });

  it('gives no credit beyond the first before its window is raised', () => {
    const stream = new ReceiveStream(0, CREDIT);
    receiveAll(stream, 0, pattern(0, CREDIT));
    stream.consume(CREDIT);
    expect(stream.isCreditDue).toBe(false);
    stream.raiseWindow(1_000_000);
    expect(stream.isCreditDue).toBe(true);
    expect(stream.announceCredit(0, 100)).toBe(CREDIT + 1_000_000);
  });

  it('doubles its window, up to 8 MiB, when a quick sender uses it up', () => {
    const stream = new ReceiveStream(0, CREDIT);
    stream.raiseWindow(1_048_576);
    let nowUs = 0;
    let end = 0;
    let credit = stream.announceCredit(nowUs, 100_000);
    let widest = 0;
    for (let i = 0; i < 40; i++) {
      const bytes = new Uint8Array(credit - end);
      stream.receive(end, bytes, 0, bytes.length);
      end = credit;
      stream.consume(bytes.length);
      nowUs += 100_000;
      credit = stream.announceCredit(nowUs, 100_000);
      widest = Math.max(widest, credit - end);
    }
    expect(widest).toBe(8 * 1_048_576);
  });

  it('keeps its window when the sender is slow', () => {
    const stream = new ReceiveStream(0, CREDIT);
    stream.raiseWindow(1_048_576);
    let credit = stream.announceCredit(0, 1000);
    for (let i = 1, end = 0; i < 5; i++) {
      stream.receive(end, new Uint8Array(credit - end), 0, credit - end);
      stream.consume(credit - end);
      end = credit;
      credit = stream.announceCredit(i * 1_000_000, 1000);
      expect(credit - end).toBe(1_048_576);
    }
  });

  it('refuses a sender that leaves thousands of gaps', () => {
    const stream = new ReceiveStream(0, 8 * 1_048_576);
    const one = new Uint8Array(1);
    expect(() => {
      for (let i = 0; i < 10_000; i++) stream.receive(1 + 2 * i, one, 0, 1);
    }).toThrow(/gaps/);
  });

  it('refuses that more is consumed than was delivered', () => {
    const stream = new ReceiveStream(0, CREDIT);
    receiveAll(stream, 0, new Uint8Array(5));
    stream.consume(5);
    for (const count of [1, -1, Number.NaN]) expect(() => stream.consume(count)).toThrow(/not delivered/);
  });
});
