import { ARRIVAL_MODULUS_US } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_BW } from './bbr/parameters.ts';
import { checkNumbers } from './check-invariants.ts';
import { PacketTrain } from './packet-train.ts';
import { newAckSample } from './samples.ts';

const BYTES = 1_250;
const MBIT = 125_000;
const RTT_US = 50_000;
const FIRST = 7;

interface TrainOptions {
  packets?: number;
  /** Bytes per second at which they leave the sender, and the path's slowest link. */
  sentRate?: number;
  linkRate: number;
  ackEvery?: number;
  /** The receiver looks only so often. */
  receiverStepUs?: number;
  clockUs?: number;
  /** What the receiver's clock shows, by the true time. */
  clock?: (us: number) => number;
  isLost?: (packet: number) => boolean;
}

/** A train of `packets` over a path, and the ACKs for it. @returns whether it was measured */
function run(train: PacketTrain, options: TrainOptions): boolean {
  const { packets = 64, sentRate = 1.25e9, linkRate, ackEvery = 2, receiverStepUs = 1 } = options;
  const { clock = (us) => us, isLost = () => false } = options;
  train.begin(packets * BYTES, 0, 2_000);
  let freeUs = 0;
  const arrivalsUs: number[] = [];
  for (let packet = 0; packet < packets; packet++) {
    const sentUs = (packet * BYTES * 1e6) / sentRate;
    expect(train.isOpen).toBe(true);
    train.onPacketSent(sentUs, BYTES, FIRST + packet);
    freeUs = Math.max(sentUs, freeUs) + (BYTES * 1e6) / linkRate;
    arrivalsUs.push(Math.ceil((freeUs + RTT_US / 2) / receiverStepUs) * receiverStepUs);
  }
  expect(train.isOpen).toBe(false);
  let delivered = 0;
  let acked = 0;
  let measured = false;
  for (let packet = 0; packet < packets; packet++) {
    if (isLost(packet)) continue;
    delivered += BYTES;
    if (++acked % ackEvery !== 0) continue;
    const arrivalUs = arrivalsUs[packet]!;
    const sample = newAckSample();
    sample.nowUs = arrivalUs + RTT_US / 2;
    sample.arrivalUs = Math.trunc(clock(arrivalUs)) % ARRIVAL_MODULUS_US;
    sample.rttUs = RTT_US;
    sample.largestAcked = FIRST + packet;
    sample.deliveredBytes = delivered;
    measured = train.onAck(sample) || measured;
    checkNumbers(train, 'train');
  }
  return measured;
}

describe('a packet train', () => {
  it.each([1, 10, 100, 500, 1_000])('holds a link of %d Mbit/s between its bounds', (mbit) => {
    const train = new PacketTrain();
    expect(run(train, { linkRate: mbit * MBIT })).toBe(true);
    expect(train.lowRate).toBeLessThan(mbit * MBIT);
    expect(train.highRate).toBeGreaterThan(mbit * MBIT);
    // What is known of the times is 150 µs, or how far apart they are.
    expect(train.highRate / train.lowRate).toBeLessThan(mbit < 1_000 ? 1.5 : 3);
  });

  it('knows the rate the better the longer it is', () => {
    const spread = [32, 64, 256, 1_024].map((packets) => {
      const train = new PacketTrain();
      run(train, { packets, linkRate: 500 * MBIT });
      return train.highRate / train.lowRate;
    });
    expect(spread).toEqual([...spread].sort((a, b) => b - a));
    expect(spread.at(-1)).toBeLessThan(1.02);
  });

  it('sets no upper bound when it came out as fast as it went in', () => {
    const train = new PacketTrain();
    run(train, { sentRate: 50 * MBIT, linkRate: 500 * MBIT });
    expect(train.highRate).toBe(MAX_BW);
    expect(train.lowRate).toBeGreaterThan(40 * MBIT);
    expect(train.lowRate).toBeLessThan(50 * MBIT);
  });

  it('counts what arrived, not what was sent', () => {
    const train = new PacketTrain();
    run(train, { linkRate: 100 * MBIT, isLost: (packet) => packet % 4 === 0 });
    expect(train.highRate).toBeLessThan(90 * MBIT);
  });

  it('shows nothing that came at one instant or in few', () => {
    const train = new PacketTrain();
    expect(run(train, { linkRate: 500 * MBIT, receiverStepUs: 5_000 })).toBe(false);
    expect(run(train, { linkRate: 500 * MBIT, ackEvery: 32 })).toBe(false);
    expect(run(train, { packets: 6, linkRate: 10 * MBIT, ackEvery: 1 })).toBe(false);
    expect(train.lowRate).toBe(0);
  });

  it('takes the batches of a receiver that sleeps for uncertainty', () => {
    const train = new PacketTrain();
    expect(run(train, { packets: 512, linkRate: 500 * MBIT, receiverStepUs: 1_500 })).toBe(true);
    expect(train.lowRate).toBeLessThan(500 * MBIT);
    expect(train.highRate).toBeGreaterThan(500 * MBIT);
    expect(train.certainty).toBeLessThan(8);
  });

  it('begins anew after a pause of the sender', () => {
    const train = new PacketTrain();
    train.begin(10 * BYTES, 0, 2_000);
    for (const us of [0, 1, 2, 5_000, 5_001]) train.onPacketSent(us, BYTES, us);
    for (let packet = 0; packet < 8; packet++) {
      expect(train.isOpen).toBe(true);
      train.onPacketSent(5_002 + packet, BYTES, 5_002 + packet);
    }
    expect(train.isOpen).toBe(false);
  });

  it('does not mind where the receiver’s clock stands, nor that it wraps', () => {
    const plain = new PacketTrain();
    const wrapping = new PacketTrain();
    run(plain, { linkRate: 100 * MBIT });
    expect(run(wrapping, { linkRate: 100 * MBIT, clock: (us) => us + ARRIVAL_MODULUS_US - 28_000 })).toBe(
      true,
    );
    expect(wrapping.lowRate).toBeCloseTo(plain.lowRate, -4);
  });

  it('shows nothing by a clock that runs backwards or stands', () => {
    const train = new PacketTrain();
    expect(run(train, { linkRate: 100 * MBIT, clock: (us) => 1e6 - us })).toBe(false);
    expect(run(train, { linkRate: 100 * MBIT, clock: () => 5 })).toBe(false);
  });

  it('believes a receiver up to four times the rate of its ACKs', () => {
    const train = new PacketTrain();
    run(train, { packets: 256, linkRate: 10 * MBIT, clock: (us) => us / 1_000 });
    expect(train.lowRate).toBeLessThanOrEqual(4.2 * 10 * MBIT);
  });

  it('has sane bounds whatever the receiver says', () => {
    const ack = fc.record({
      gapUs: fc.integer({ min: 0, max: 5_000 }),
      arrivalUs: fc.integer({ min: 0, max: ARRIVAL_MODULUS_US - 1 }),
      packets: fc.integer({ min: 0, max: 8 }),
    });
    fc.assert(
      fc.property(fc.array(ack, { maxLength: 40 }), (acks) => {
        const train = new PacketTrain();
        train.begin(64 * BYTES, 0, 2_000);
        for (let packet = 0; packet < 64; packet++) train.onPacketSent(packet, BYTES, packet);
        const sample = newAckSample();
        sample.nowUs = RTT_US;
        sample.largestAcked = -1;
        for (const { gapUs, arrivalUs, packets } of acks) {
          sample.nowUs += gapUs;
          sample.arrivalUs = arrivalUs;
          sample.rttUs = packets > 0 ? RTT_US : 0;
          sample.largestAcked += packets;
          sample.deliveredBytes += packets * BYTES;
          train.onAck(sample);
          checkNumbers(train, 'train');
          expect(train.lowRate).toBeLessThanOrEqual(train.highRate);
          expect(train.ackedBytes).toBeLessThanOrEqual(sample.deliveredBytes);
        }
      }),
    );
  });
});
