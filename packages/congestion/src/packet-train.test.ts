import { ARRIVAL_MODULUS_US, MAX_ARRIVAL_RUNS } from '@jetstream/protocol';
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
  /** ACKs tell when each packet came. */
  runs?: boolean;
  /** Packets from this one on are held up. */
  pause?: { from: number; us: number };
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
  const { clock = (us) => us, isLost = () => false, runs = false, pause } = options;
  train.begin(packets * BYTES, 0, 2_000);
  let freeUs = 0;
  const arrivalsUs: number[] = [];
  for (let packet = 0; packet < packets; packet++) {
    const sentUs = (packet * BYTES * 1e6) / sentRate;
    expect(train.isOpen).toBe(true);
    train.onPacketSent(sentUs, BYTES, FIRST + packet);
    freeUs = Math.max(sentUs, freeUs) + (BYTES * 1e6) / linkRate;
    if (packet === pause?.from) freeUs += pause.us;
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
    sample.ackedBytes = ackEvery * BYTES;
    sample.ackedPackets = ackEvery;
    for (let run = 0; runs && run < ackEvery; run++) {
      const us = (at: number) => Math.trunc(clock(arrivalsUs[at]!));
      sample.arrivals.add(run === 0 ? 0 : us(packet - run + 1) - us(packet - run), 1);
    }
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

  it('is seen packet by packet in one ACK that tells of arrivals', () => {
    const [often, once] = [new PacketTrain(), new PacketTrain()];
    run(often, { packets: 32, linkRate: 100 * MBIT, ackEvery: 1 });
    expect(run(once, { packets: 32, linkRate: 100 * MBIT, ackEvery: 32, runs: true })).toBe(true);
    expect(once.lowRate).toBeCloseTo(often.lowRate, -6);
    expect(once.highRate).toBeCloseTo(often.highRate, -6);
  });

  it('is told from what came before it in the same ACK', () => {
    const train = new PacketTrain();
    train.begin(16 * BYTES, 0, 2_000);
    for (let packet = 0; packet < 16; packet++) train.onPacketSent(packet, BYTES, FIRST + packet);
    const sample = newAckSample();
    sample.nowUs = sample.rttUs = RTT_US;
    sample.largestAcked = FIRST + 15;
    sample.arrivalUs = 500_000;
    sample.ackedPackets = FIRST + 16;
    sample.ackedBytes = sample.deliveredBytes = sample.ackedPackets * BYTES;
    sample.arrivals.add(0, 1);
    for (let packet = 14; packet >= 0; packet--) sample.arrivals.add(100, 1);
    sample.arrivals.add(90_000, FIRST);
    expect(train.onAck(sample)).toBe(true);
    expect(train.lowRate).toBeLessThan(100 * MBIT);
    expect(train.lowRate).toBeGreaterThan(80 * MBIT);
  });

  it('shows no less than it did before a pause near its end', () => {
    const train = new PacketTrain();
    run(train, { packets: 128, linkRate: 500 * MBIT, pause: { from: 100, us: 1_500 } });
    expect(train.lowRate).toBeLessThan(350 * MBIT);
    expect(train.highRate).toBeGreaterThan(490 * MBIT);
  });

  it('ends at a pause of the sender when it is half as long as wanted', () => {
    const train = new PacketTrain();
    train.begin(20 * BYTES, 0, 2_000);
    for (let packet = 0; packet < 10; packet++) train.onPacketSent(packet, BYTES, packet);
    expect(train.isOpen).toBe(true);
    train.onPacketSent(5_000, BYTES, 10);
    expect(train.isOpen).toBe(false);
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
      runs: fc.array(
        fc.record({ gapUs: fc.nat(ARRIVAL_MODULUS_US - 1), packets: fc.integer({ min: 1, max: 9 }) }),
        { maxLength: MAX_ARRIVAL_RUNS },
      ),
    });
    fc.assert(
      fc.property(fc.array(ack, { maxLength: 40 }), (acks) => {
        const train = new PacketTrain();
        train.begin(64 * BYTES, 0, 2_000);
        for (let packet = 0; packet < 64; packet++) train.onPacketSent(packet, BYTES, packet);
        const sample = newAckSample();
        sample.nowUs = RTT_US;
        sample.largestAcked = -1;
        for (const { gapUs, arrivalUs, packets, runs } of acks) {
          sample.nowUs += gapUs;
          sample.arrivalUs = arrivalUs;
          sample.rttUs = packets > 0 ? RTT_US : 0;
          sample.largestAcked += packets;
          sample.deliveredBytes += packets * BYTES;
          sample.ackedBytes = packets * BYTES;
          sample.ackedPackets = packets;
          sample.arrivals.count = 0;
          for (const run of runs) sample.arrivals.add(run.gapUs, run.packets);
          train.onAck(sample);
          checkNumbers(train, 'train');
          expect(train.lowRate).toBeLessThanOrEqual(train.highRate);
          expect(train.ackedBytes).toBeLessThanOrEqual(sample.deliveredBytes);
        }
      }),
    );
  });
});
