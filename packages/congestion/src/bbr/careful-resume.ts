import { ARRIVAL_MODULUS_US, FLOAT_ZERO } from '@jetstream/protocol';
import { onArrivalClock } from '../arrival-clock.ts';
import type { AckSample, LossSample, RememberedPath } from '../controller.ts';
import type { PacketTrain } from '../packet-train.ts';
import { PathCapacity } from './path-capacity.ts';
import type { BbrState } from './state.ts';

/** The part of what the path is thought to carry that is sent before any of it is known to arrive. */
const JUMP_SHARE = 1 / 2;
/** A jump that raises the window by less is left to doubling. */
const WORTHWHILE = 1.5;
/** A train allows a flight of so many times what arrived of it, times its certainty; and so many times in all. */
const GROWTH_PER_CERTAINTY = 16;
const MAX_GROWTH = 64;
/** What the application must have for a jump to be one. */
const JUMP_SENT = 1 / 4;
/** A remembered path is the same while its RTT is within this factor. */
const SAME_RTT = 2;

/** A jump went too far when so much of it is lost, … */
const RETREAT_LOSS = 0.1;
const MIN_RETREAT_DATAGRAMS = 16;
/** …or when a quarter of it was so long on its way that it stands in a queue of half a BDP. */
const RETREAT_QUEUE = 1 / 2;
const RETREAT_QUEUED = 1 / 4;

/** Of two packets the later may seem so much faster; beyond, the receiver's clock is none. */
const CLOCK_JITTER_US = 20_000;

/** Above what the capacity makes, for ACKs that come late or together. */
const WINDOW_HEADROOM = 1.15;

export type ResumePhase = 'reconnaissance' | 'unvalidated' | 'validating' | 'normal' | 'retreated';

/**
 * The start of a connection in few rounds, after draft-ietf-tsvwg-careful-resume, whose phases these are. What the path can carry
 * is told by packet trains, or remembered from another connection (reconnaissance). Half of it is then sent over one round trip
 * (unvalidated); while that is acknowledged the window doubles at the pace of the ACKs, up to what the path can carry (validating,
 * normal). If half was too much, what did arrive counts, and the rest of Startup goes without jumps (retreated).
 *
 * Startup goes on beneath all this: whatever fails here leaves BBR's own doubling.
 */
export class CarefulResume {
  phase: ResumePhase = 'reconnaissance';
  readonly capacity = new PathCapacity();
  /** What was remembered, and proved to be too much; 0: nothing. */
  refutedRate = 0;
  /** 0 when nothing is remembered, or no longer. */
  private rememberedRttUs: number;
  private rememberedRate: number;
  private nextNumber = 0;
  /** By which the jump was made, if it was. */
  private recalledRate = 0;
  /** Of the jump: its rate, its window, and the numbers of its packets. */
  private jumpRate = FLOAT_ZERO;
  private jumpWindow = 0;
  private jumpFrom = 0;
  private jumpUntil = 0;
  private jumpSent = 0;
  private jumpAcked = 0;
  private jumpLost = 0;
  private jumpQueued = 0;
  /** Before the jump, with whatever queue others have made: the RTT, and the time there by the receiver's clock, or what the first of the jump took. */
  private rttBeforeUs = FLOAT_ZERO;
  private transitBeforeUs = FLOAT_ZERO;
  private isTransitKnown = false;

  constructor(state: BbrState, remembered: RememberedPath | undefined) {
    this.rememberedRttUs = remembered?.minRttUs ?? 0;
    this.rememberedRate = remembered?.rateBytesPerSecond ?? 0;
    this.capacity.sendBlindTrain(state, state.initialCwnd);
    this.recall(state);
  }

  onPacketSent(nowUs: number, bytes: number, packetNumber: number): void {
    this.nextNumber = packetNumber + 1;
    this.jumpSent += bytes;
    this.capacity.onPacketSent(nowUs, bytes, packetNumber);
  }

  onLoss(loss: LossSample): void {
    if (this.isJumping && loss.packetNumber >= this.jumpFrom) this.jumpLost += loss.packetBytes;
  }

  /** There was not enough to send for a jump: it begins with what comes next. */
  onApplicationLimited(): void {
    if (this.phase !== 'unvalidated' || this.jumpSent > JUMP_SENT * this.jumpWindow) return;
    this.jumpFrom = this.nextNumber;
    this.jumpSent = 0;
  }

  /** In Startup, with the model already told of the ACK. */
  onAck(state: BbrState, sample: AckSample): void {
    this.recall(state);
    if (this.isJumping) this.followJump(state, sample);
    const train = this.capacity.onAck(sample);
    if (this.phase === 'retreated') return;
    if (train !== undefined) this.onTrain(state, train, sample);
    else if (this.phase !== 'unvalidated' && !this.capacity.isConfirmed && !this.capacity.isTrainUnderWay)
      this.capacity.sendBlindTrain(state, state.cwnd / 2);
  }

  /** The bounds put on the pace of Startup. */
  boundPacingRate(rate: number): number {
    const { capacity } = this;
    if (this.phase === 'unvalidated') return this.jumpRate;
    const wanted = this.phase === 'retreated' ? rate : Math.max(rate, this.jumpRate / JUMP_SHARE);
    return capacity.isConfirmed ? Math.min(wanted, capacity.highRate) : wanted;
  }

  /** May the window grow by what is acknowledged, whatever the model (false: it must not; undefined: as the model says)? */
  get mayGrow(): boolean | undefined {
    if (this.phase === 'unvalidated') return false;
    const isKnown = this.phase === 'normal' && this.capacity.isConfirmed;
    return this.phase === 'validating' || isKnown ? true : undefined;
  }

  /** The window beyond which there would only be a queue; Infinity when the capacity is not known. */
  maxWindow(state: BbrState): number {
    const { isConfirmed, highRate } = this.capacity;
    if (!isConfirmed || state.minRttUs === 0) return Number.POSITIVE_INFINITY;
    return state.withQuantizationBudget(
      WINDOW_HEADROOM * state.bdp(highRate, 1) + state.extraAckedFilter.max,
    );
  }

  private get isJumping(): boolean {
    return this.phase === 'unvalidated' || this.phase === 'validating';
  }

  /** Once there is an RTT to compare with, uses what is remembered or forgets it. */
  private recall(state: BbrState): void {
    const { rememberedRttUs, rememberedRate } = this;
    if (rememberedRttUs === 0 || state.minRttUs === 0) return;
    this.rememberedRttUs = 0;
    const isSamePath =
      state.minRttUs * SAME_RTT > rememberedRttUs && state.minRttUs < rememberedRttUs * SAME_RTT;
    if (!isSamePath || this.phase !== 'reconnaissance') return;
    this.capacity.remember(rememberedRate);
    // The RTT of a handshake is longer by what both ends take to make it, with code that is not compiled yet.
    const rttUs = Math.min(rememberedRttUs, state.minRttUs);
    if (this.jump(state, (JUMP_SHARE * rememberedRate * rttUs) / 1e6, undefined, rttUs))
      this.recalledRate = rememberedRate;
  }

  private onTrain(state: BbrState, train: PacketTrain, sample: AckSample): void {
    const { capacity } = this;
    if (this.isJumping && capacity.highRate < this.jumpRate) {
      this.retreat(state);
      return;
    }
    const growth = Math.min(MAX_GROWTH, GROWTH_PER_CERTAINTY * Math.max(1, train.certainty));
    const window = Math.min(JUMP_SHARE * state.bdp(train.lowRate, 1), growth * train.ackedBytes);
    if (!this.jump(state, window, sample) && this.phase === 'reconnaissance' && capacity.isConfirmed)
      this.phase = 'normal';
  }

  /**
   * @param before undefined: nothing was acknowledged yet
   * @param rttUs over which it is sent
   * @returns false when it would not be worth it
   */
  private jump(
    state: BbrState,
    window: number,
    before: AckSample | undefined,
    rttUs: number = state.minRttUs,
  ): boolean {
    if (state.minRttUs === 0 || window < WORTHWHILE * state.cwnd) return false;
    this.phase = 'unvalidated';
    this.recalledRate = 0;
    this.jumpFrom = this.nextNumber;
    this.jumpSent = 0;
    this.jumpAcked = 0;
    this.jumpLost = 0;
    this.jumpQueued = 0;
    this.rttBeforeUs = before?.rttUs ?? state.minRttUs;
    this.isTransitKnown = false;
    if (before !== undefined) this.compareWith(before);
    this.jumpWindow = window;
    this.jumpRate = (window * 1e6) / rttUs;
    state.cwnd = window;
    state.pacingRate = this.jumpRate;
    this.capacity.sendLeadingTrain(state, window);
    return true;
  }

  private followJump(state: BbrState, sample: AckSample): void {
    if (sample.rttUs > 0 && sample.largestAcked >= this.jumpFrom) {
      this.jumpAcked += sample.ackedBytes;
      if (this.queueUs(sample) > RETREAT_QUEUE * state.minRttUs) this.jumpQueued += sample.ackedBytes;
      if (this.phase === 'unvalidated') {
        this.phase = 'validating';
        this.jumpUntil = this.nextNumber;
      }
    }
    const lost = this.jumpLost;
    const isLost =
      lost >= MIN_RETREAT_DATAGRAMS * state.datagramBytes && lost > RETREAT_LOSS * (this.jumpAcked + lost);
    if (isLost || this.jumpQueued > RETREAT_QUEUED * this.jumpWindow) this.retreat(state);
    else if (this.phase === 'validating' && sample.largestAcked >= this.jumpUntil - 1) this.phase = 'normal';
  }

  /**
   * How much longer it was on its way than what came before. A host that has just begun, or is busy, reads and answers late: so
   * what the receiver's clock shows counts, as long as that goes forward, and not the RTT.
   */
  private queueUs(sample: AckSample): number {
    if (!this.isTransitKnown) this.compareWith(sample);
    const rttGrowthUs = sample.rttUs - this.rttBeforeUs;
    const growthUs = wrapped(transitUs(sample) - this.transitBeforeUs);
    return growthUs < -CLOCK_JITTER_US ? rttGrowthUs : Math.min(growthUs, rttGrowthUs);
  }

  private compareWith(sample: AckSample): void {
    this.transitBeforeUs = transitUs(sample);
    this.isTransitKnown = true;
  }

  private retreat(state: BbrState): void {
    this.phase = 'retreated';
    this.refutedRate = this.recalledRate;
    this.capacity.isConfirmed = false;
    state.cwnd = Math.max(Math.min(state.cwnd, this.jumpAcked), state.minPipeCwnd);
    state.pacingRate = Math.max(state.bw, (state.cwnd * 1e6) / state.minRttUs);
    state.probesSoon = true;
  }
}

/** Time from sending to arrival of the largest packet, but for the unknown difference of the two clocks. */
function transitUs({ nowUs, rttUs, arrivalUs }: AckSample): number {
  return onArrivalClock(arrivalUs - (nowUs - rttUs));
}

/** The shorter way from 0, forward or backward. */
function wrapped(us: number): number {
  return us - ARRIVAL_MODULUS_US * Math.round(us / ARRIVAL_MODULUS_US);
}
