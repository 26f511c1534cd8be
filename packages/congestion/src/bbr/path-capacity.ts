import { FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample } from '../controller.ts';
import { PacketTrain } from '../packet-train.ts';
import { MAX_BW } from './parameters.ts';
import type { BbrState } from './state.ts';

/** "Back to back": 10 Gbit/s. Nobody needs more to see what is slower. */
const BACK_TO_BACK_RATE = 1.25e9;
/** A train that leads a flight leaves at so many times the rate that the path is thought to have. */
const TRAIN_GAIN = 2;
/** It is long against the receiver's clock, though not most of the flight. */
const TRAIN_US = 6_000;
const TRAIN_SHARE = 1 / 4;
const MAX_TRAIN_SHARE = 1 / 2;
const MIN_TRAIN_DATAGRAMS = 64;
/** As long as trains show nothing they get longer with the window, up to so much. */
const MAX_BLIND_TRAIN_DATAGRAMS = 512;
/** A pause of our own that ends a train; on a slow link it may be longer. */
const MAX_GAP_US = 500;
const MAX_GAP_ROUND_TRIPS = 1 / 100;
const MAX_GAP_DATAGRAMS = 8;
/** Two trains agree when their bounds touch, if the latter is long enough not to show jitter or a sleepy receiver. */
const MIN_CERTAINTY = 6;
/** Bounds of a rate that is known from elsewhere. */
const REMEMBERED_TOLERANCE = 1.25;

/** What packet trains tell of the rate of the path's slowest link. One train may err (jitter, a burst let through); two that agree are believed. */
export class PathCapacity {
  /** Of the last train, or remembered, or what both say; bytes per second. */
  lowRate = FLOAT_ZERO;
  highRate = FLOAT_ZERO;
  /** The last two agree, and both saw a bottleneck. */
  isConfirmed = false;
  private isRemembered = false;
  private readonly train = new PacketTrain();
  private trainRate = BACK_TO_BACK_RATE;

  get isTrainUnderWay(): boolean {
    return this.train.isUnderWay;
  }

  /** At which rate to send, when `rate` would do for what is no train. */
  pacingRate(rate: number): number {
    return this.train.isOpen ? this.trainRate : rate;
  }

  /** Takes a rate measured on an earlier connection for a train. */
  remember(bytesPerSecond: number): void {
    this.isRemembered = true;
    this.lowRate = bytesPerSecond / REMEMBERED_TOLERANCE;
    this.highRate = Math.min(bytesPerSecond * REMEMBERED_TOLERANCE, MAX_BW);
  }

  /** Lets the next packets be a train, though nothing is known that would tell how long to make it. */
  sendBlindTrain(state: BbrState, bytes: number): void {
    const most = MAX_BLIND_TRAIN_DATAGRAMS * state.datagramBytes;
    this.trainRate = BACK_TO_BACK_RATE;
    this.begin(state, Math.min(bytes, most), state.minRttUs * MAX_GAP_ROUND_TRIPS);
  }

  /** Lets a flight of `bytes` begin with a train that shows whether the path is as fast as its last train said. */
  sendLeadingTrain(state: BbrState, bytes: number): void {
    const { datagramBytes } = state;
    const wanted = Math.min((this.lowRate * TRAIN_US) / 1e6, bytes * TRAIN_SHARE);
    this.trainRate = TRAIN_GAIN * (this.highRate < MAX_BW ? this.lowRate : TRAIN_GAIN * this.lowRate);
    this.begin(
      state,
      Math.min(Math.max(wanted, MIN_TRAIN_DATAGRAMS * datagramBytes), bytes * MAX_TRAIN_SHARE),
      (MAX_GAP_DATAGRAMS * datagramBytes * 1e6) / this.trainRate,
    );
  }

  onPacketSent(nowUs: number, bytes: number, packetNumber: number): void {
    this.train.onPacketSent(nowUs, bytes, packetNumber);
  }

  /** @returns the train that was measured just now */
  onAck(sample: AckSample): PacketTrain | undefined {
    const { train } = this;
    if (!train.onAck(sample)) return undefined;
    const agree = train.lowRate <= this.highRate && this.lowRate <= train.highRate;
    const isLong = train.certainty >= MIN_CERTAINTY;
    this.isConfirmed = agree && isLong && train.highRate < MAX_BW && this.highRate < MAX_BW;
    if (this.isConfirmed && this.isRemembered) this.narrow(train);
    else {
      this.lowRate = train.lowRate;
      this.highRate = train.highRate;
    }
    this.isRemembered = false;
    return train;
  }

  /** To what both say: a vague train, as busy hosts make them, does not take back what a connection before has shown. */
  private narrow({ lowRate, highRate }: PacketTrain): void {
    this.lowRate = Math.max(this.lowRate, lowRate);
    this.highRate = Math.min(this.highRate, highRate);
  }

  private begin(state: BbrState, bytes: number, maxGapUs: number): void {
    this.train.begin(bytes, state.deliveredBytes, Math.max(MAX_GAP_US, maxGapUs));
  }
}
