import { type CongestionController, DeliveryRateEstimator, RttEstimator } from '@jetstream/congestion';
import { AckFrame } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EcnValidation } from './ecn-validation.ts';
import { LossDetection } from './loss-detection.ts';
import { ContentKind } from './sent-content.ts';
import { SentPackets } from './sent-packets.ts';

/** A controller that only counts what it is told. */
class Recorder implements CongestionController {
  readonly name = 'recorder';
  readonly windowBytes = 1e9;
  readonly pacingRate = 1e9;
  readonly phase = '';
  ackedBytes = 0;
  lost: number[] = [];
  spuriousBytes = 0;
  persistent = 0;

  onPacketSent(): void {}
  onAck({ ackedBytes }: { ackedBytes: number }): void {
    this.ackedBytes += ackedBytes;
  }
  onPacketLost({ packetNumber }: { packetNumber: number }): void {
    this.lost.push(packetNumber);
  }
  onSpuriousLoss(_nowUs: number, packetBytes: number): void {
    this.spuriousBytes += packetBytes;
  }
  onPersistentCongestion(): void {
    this.persistent += 1;
  }
  onDatagramBytes(): void {}
  onApplicationLimited(): void {}
  reset(): void {}
}

const BYTES = 1200;
const RTT_US = 100_000;
const MAX_ACK_DELAY_US = 5000;

class Bench {
  readonly sent = new SentPackets();
  readonly rtt = new RttEstimator();
  readonly controller = new Recorder();
  /** Packet numbers (kept as the content's offset) whose content was acknowledged or lost. */
  readonly contentAcked: number[] = [];
  readonly contentLost: number[] = [];
  readonly probesLost: number[] = [];
  readonly loss = new LossDetection(
    this.sent,
    this.rtt,
    new DeliveryRateEstimator(),
    this.controller,
    {
      onPacketAcked: () => {},
      onPacketLost: (_nowUs, number, _bytes, _sentUs, isMtuProbe) => {
        if (isMtuProbe) this.probesLost.push(number);
      },
    },
    {
      onContentAcked: (content, index) => this.contentAcked.push(content.offsetOf(index)),
      onContentLost: (content, index) => this.contentLost.push(content.offsetOf(index)),
    },
    new EcnValidation(false),
  );

  send(nowUs: number, count = 1, isMtuProbe = false): void {
    for (let i = 0; i < count; i++) {
      const start = this.sent.content.end;
      this.sent.content.add(ContentKind.Data, 1, this.sent.nextNumber, BYTES);
      this.loss.onPacketSent(nowUs, BYTES, start, true, isMtuProbe);
    }
  }

  ack(nowUs: number, ...ranges: [number, number][]): boolean {
    const ack = new AckFrame();
    for (const [smallest, largest] of ranges) ack.addRange(smallest, largest);
    return this.loss.onAck(nowUs, ack, MAX_ACK_DELAY_US);
  }
}

describe('LossDetection', () => {
  it('takes an RTT sample from the largest packet newly acknowledged', () => {
    const bench = new Bench();
    bench.send(0, 5);
    bench.ack(RTT_US, [0, 4]);
    expect(bench.rtt.smoothedUs).toBe(RTT_US);
    bench.send(RTT_US, 1);
    bench.ack(500_000, [0, 4]);
    expect(bench.rtt.latestUs).toBe(RTT_US);
  });

  it('declares lost what lies three packets below the largest acknowledged', () => {
    const bench = new Bench();
    bench.send(0, 10);
    bench.ack(RTT_US, [4, 4]);
    expect(bench.controller.lost).toEqual([0, 1]);
    expect(bench.contentLost).toEqual([0, 1]);
    expect(bench.loss.bytesInFlight).toBe(7 * BYTES);
  });

  it('declares lost by time what was sent 9/8 of an RTT before', () => {
    const bench = new Bench();
    bench.send(0, 2);
    bench.ack(RTT_US, [1, 1]);
    expect(bench.controller.lost).toEqual([]);
    expect(bench.loss.lossTimeUs).toBe((RTT_US * 9) / 8);
    bench.loss.detectLosses(bench.loss.lossTimeUs, MAX_ACK_DELAY_US);
    expect(bench.controller.lost).toEqual([0]);
    expect(bench.loss.lossTimeUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('[FR-2] refuses an ACK of a packet never sent', () => {
    const bench = new Bench();
    bench.send(0, 3);
    expect(() => bench.ack(RTT_US, [0, 3])).toThrow(/never sent/);
  });

  it('[FR-2] refuses an ACK of any packet before one was sent', () => {
    expect(() => new Bench().ack(0, [0, 0])).toThrow(/never sent/);
  });

  it('raises the packet threshold when reordering fooled it, up to a bound', () => {
    const bench = new Bench();
    bench.send(0, 20);
    bench.ack(RTT_US, [10, 10]);
    expect(bench.controller.lost).toHaveLength(8);
    bench.ack(RTT_US + 1000, [0, 9]);
    expect(bench.loss.packetsSpuriouslyLost).toBe(8);
    expect(bench.controller.spuriousBytes).toBe(8 * BYTES);
    expect(bench.loss.tolerance.packetThreshold).toBe(11);
    bench.send(RTT_US, 5000);
    bench.ack(2 * RTT_US, [5000, 5000]);
    bench.ack(2 * RTT_US + 1000, [20, 4999]);
    expect(bench.loss.tolerance.packetThreshold).toBe(1000);
  });

  it('stretches the time threshold when it proved too short', () => {
    const bench = new Bench();
    bench.send(0, 2);
    bench.ack(RTT_US, [1, 1]);
    bench.loss.detectLosses(bench.loss.lossTimeUs, MAX_ACK_DELAY_US);
    bench.ack(120_000, [0, 0]);
    bench.send(200_000, 2);
    bench.ack(300_000, [3, 3]);
    expect(bench.loss.lossTimeUs - 200_000).toBeGreaterThan((RTT_US * 9) / 8 + 1);
  });

  it('tells of the content of a packet acknowledged after all', () => {
    const bench = new Bench();
    bench.send(0, 5);
    bench.ack(RTT_US, [4, 4]);
    bench.ack(RTT_US + 1000, [0, 0]);
    expect(bench.contentAcked).toEqual([4, 0]);
  });

  it('[PM-1] takes a lost MTU probe for no congestion signal', () => {
    const bench = new Bench();
    bench.send(0, 1, true);
    bench.send(0, 4);
    bench.ack(RTT_US, [1, 4]);
    expect(bench.probesLost).toEqual([0]);
    expect(bench.controller.lost).toEqual([]);
    expect(bench.loss.packetsLost).toBe(0);
    expect(bench.loss.bytesInFlight).toBe(0);
  });

  it('[RC-1] has the oldest content sent again without declaring it lost', () => {
    const bench = new Bench();
    bench.send(0, 5);
    bench.loss.requeueForProbes(2);
    expect(bench.contentLost).toEqual([0, 1]);
    expect(bench.controller.lost).toEqual([]);
    expect(bench.loss.bytesInFlight).toBe(5 * BYTES);
  });

  it('goes on to the next ones at each timeout in a row, and around', () => {
    const bench = new Bench();
    bench.send(0, 5);
    for (let timeout = 0; timeout < 3; timeout++) bench.loss.requeueForProbes(2);
    expect(bench.contentLost).toEqual([0, 1, 2, 3, 4, 0]);
    bench.ack(RTT_US, [1, 1]);
    bench.loss.requeueForProbes(2);
    expect(bench.contentLost.slice(6)).toEqual([0, 2]);
    bench.loss.requeueForProbes(100);
    expect(bench.contentLost.slice(8)).toEqual([3, 4, 0, 2]);
  });

  it('reports persistent congestion for a long run of losses with nothing acknowledged between', () => {
    const bench = new Bench();
    bench.send(0, 1);
    bench.ack(RTT_US, [0, 0]);
    for (let i = 0; i < 8; i++) bench.send(200_000 + i * 200_000, 1);
    bench.send(2_000_000, 1);
    bench.ack(2_100_000, [9, 9]);
    expect(bench.controller.lost).toHaveLength(8);
    expect(bench.controller.persistent).toBe(1);
  });

  it('reports none when something in the run was acknowledged', () => {
    const bench = new Bench();
    bench.send(0, 1);
    bench.ack(RTT_US, [0, 0]);
    for (let i = 0; i < 8; i++) bench.send(200_000 + i * 200_000, 1);
    bench.send(2_000_000, 1);
    bench.ack(2_100_000, [9, 9], [4, 5]);
    expect(bench.controller.lost).toHaveLength(6);
    expect(bench.controller.persistent).toBe(0);
  });

  it('reports none for losses before the first RTT sample', () => {
    const bench = new Bench();
    for (let i = 0; i < 8; i++) bench.send(i * 1_000_000, 1);
    bench.send(8_000_000, 1);
    bench.ack(8_100_000, [8, 8]);
    expect(bench.controller.lost).toHaveLength(8);
    expect(bench.controller.persistent).toBe(0);
  });

  it('gives up a path without a verdict about its packets', () => {
    const bench = new Bench();
    bench.send(0, 10);
    bench.ack(RTT_US, [0, 3]);
    bench.loss.discardInFlight();
    expect(bench.loss.bytesInFlight).toBe(0);
    expect(bench.contentLost).toEqual([4, 5, 6, 7, 8, 9]);
    expect(bench.controller.lost).toEqual([]);
    bench.ack(RTT_US + 1000, [0, 7]);
    expect(bench.contentAcked).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(bench.controller.ackedBytes).toBe(4 * BYTES);
    expect(bench.loss.bytesInFlight).toBe(0);
  });

  it('accounts for every packet once under any order of ACKs', () => {
    const event = fc.record({
      kind: fc.constantFrom('send', 'send', 'ack', 'time'),
      count: fc.integer({ min: 1, max: 20 }),
      back: fc.nat(60),
      waitUs: fc.nat(80_000),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const bench = new Bench();
        const acked = new Set<number>();
        let nowUs = 1000;
        for (const { kind, count, back, waitUs } of events) {
          nowUs += waitUs;
          const next = bench.sent.nextNumber;
          if (bench.loss.lossTimeUs <= nowUs) bench.loss.detectLosses(nowUs, MAX_ACK_DELAY_US);
          if (kind === 'send') bench.send(nowUs, count);
          else if (kind === 'ack' && next > 0) {
            const largest = Math.max(0, next - 1 - back);
            const smallest = Math.max(0, largest - count + 1);
            for (let number = smallest; number <= largest; number++) {
              if (number >= bench.sent.firstNumber) acked.add(number);
            }
            bench.ack(nowUs, [smallest, largest]);
          }
          expect(bench.loss.bytesInFlight).toBeGreaterThanOrEqual(0);
          expect(bench.loss.lossTimeUs).toBeGreaterThan(nowUs);
        }
        expect(new Set(bench.contentAcked)).toEqual(acked);
        expect(bench.contentAcked).toHaveLength(acked.size);
        const lostForGood = bench.controller.lost.filter((number) => !acked.has(number));
        const flying = bench.sent.nextNumber - acked.size - lostForGood.length;
        expect(bench.loss.bytesInFlight).toBe(flying * BYTES);
        expect(bench.controller.ackedBytes).toBe(acked.size * BYTES);
      }),
      { numRuns: 400 },
    );
  });
});
