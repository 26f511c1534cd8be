import { FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample, ControllerOptions } from '../controller.ts';
import { RoundCounter } from '../round-counter.ts';
import * as parameters from './parameters.ts';
import { WindowedMaxFilter } from './windowed-max-filter.ts';

export type Phase =
  | 'startup'
  | 'drain'
  | 'probe-bw-down'
  | 'probe-bw-cruise'
  | 'probe-bw-refill'
  | 'probe-bw-up'
  | 'probe-rtt';

/** What the ACKs now coming in say about bandwidth probing (draft §2.13, `BBR.ack_phase`). */
export type AckPhase = 'init' | 'refilling' | 'probe-starting' | 'probe-feedback' | 'probe-stopping';

export const PACING_GAIN: Readonly<Record<Phase, number>> = {
  startup: parameters.STARTUP_PACING_GAIN,
  drain: parameters.DRAIN_PACING_GAIN,
  'probe-bw-down': parameters.PROBE_DOWN_PACING_GAIN,
  'probe-bw-cruise': 1,
  'probe-bw-refill': 1,
  'probe-bw-up': parameters.PROBE_UP_PACING_GAIN,
  'probe-rtt': 1,
};

/**
 * Everything BBR knows, shared by the files of this folder, each of which is one concept of draft-ietf-ccwg-bbr.
 * Names are the draft's. A `bw` is bytes per second, an `inflight` or `cwnd` bytes, a name in `Us` microseconds.
 * Infinity stands only in the bounds of the model that are not set: `bwShortterm`, `inflightShortterm`, `inflightLongterm`
 * and their saved copies.
 */
export class BbrState {
  datagramBytes: number;
  readonly initialCwnd: number;
  readonly random: () => number;
  /** How many flows' share it probes for. */
  flows: number;

  // What it answers.
  cwnd: number;
  pacingRate: number;
  sendQuantum: number;

  phase: Phase = 'startup';
  cwndGain = parameters.DEFAULT_CWND_GAIN;

  // The connection.
  nowUs = FLOAT_ZERO;
  deliveredBytes = FLOAT_ZERO;
  bytesInFlight = 0;
  /** `C.delivered` when the model was last begun anew. */
  startDeliveredBytes = 0;
  /** Application-limited until so much is delivered; 0 for not (`C.app_limited`). */
  appLimitedUntilBytes = FLOAT_ZERO;
  cwndLimitedThisRound = false;
  cwndLimitedLastRound = false;
  readonly round = new RoundCounter();

  // The ACK in hand.
  /** `RS.is_app_limited`. */
  sampleLimited = false;
  /** `RS.delivered`. */
  sampleDelivered = 0;

  // Data rate model.
  /** Packets sent before this measured a path that has changed since. */
  modelSinceUs = FLOAT_ZERO;
  readonly maxBwFilter = new WindowedMaxFilter(parameters.MAX_BW_FILTER_LEN);
  cycleCount = 0;
  bwShortterm = Number.POSITIVE_INFINITY;
  bw = FLOAT_ZERO;
  /** Of what is sent the line loses this part, whatever we do; 0 where that is not clear. */
  lineLossRate = FLOAT_ZERO;

  // Data volume model.
  /** 0 for not known yet: the draft's Infinity, which must not leak into a window. */
  minRttUs = FLOAT_ZERO;
  minRttStampUs = FLOAT_ZERO;
  /** By how much packets take longer than the quickest, where that is much; see `JitterEstimator`. */
  jitterUs = FLOAT_ZERO;
  inflightShortterm = Number.POSITIVE_INFINITY;
  inflightLongterm = Number.POSITIVE_INFINITY;
  readonly extraAckedFilter = new WindowedMaxFilter(parameters.EXTRA_ACKED_FILTER_LEN);
  extraAckedIntervalStartUs = FLOAT_ZERO;
  extraAckedDelivered = FLOAT_ZERO;

  // The latest round's delivery.
  bwLatest = FLOAT_ZERO;
  inflightLatest = 0;
  lossRoundDelivered = FLOAT_ZERO;
  lossRoundStart = false;
  isLossInRound = false;
  /** Lost in this loss round, and `deliveredBytes` at its beginning. */
  lossRoundLostBytes = 0;
  lossRoundFromBytes = FLOAT_ZERO;
  /** Packets sent before so much was delivered were paced at this part of the rate, to drain a queue. */
  slowGain = 1;
  slowUntilBytes = FLOAT_ZERO;
  lossRangesInRound = 0;
  lastLostPacket = -1;

  // Full pipe estimator.
  fullBwReached = false;
  fullBwNow = false;
  fullBw = FLOAT_ZERO;
  fullBwCount = 0;
  drainStartRound = 0;

  // Bandwidth probing.
  ackPhase: AckPhase = 'init';
  isBwProbeSample = false;
  cycleStampUs = FLOAT_ZERO;
  upStampUs = FLOAT_ZERO;
  upStartInflight = 0;
  bwProbeWaitUs = FLOAT_ZERO;
  /** The first probe of ProbeBW must not be waited for: Startup ended with a retreat. */
  probesSoon = false;
  /** In ProbeBW_DOWN once more, out of ProbeBW_CRUISE. */
  drainsAgain = false;
  roundsSinceProbeUp = 0;
  bwProbeUpRounds = 0;
  bwProbeUpAcked = 0;
  /** 0 while `inflightLongterm` is not being grown (the draft's Infinity). */
  probeUpAckedPerInc = 0;
  prevProbeTooHigh = false;
  prevProbePrecautionary = false;

  // RTT probing.
  probeRttMinDelayUs = FLOAT_ZERO;
  probeRttMinStampUs = FLOAT_ZERO;
  probeRttExpired = false;
  probeRttDoneStampUs = FLOAT_ZERO;
  probeRttRoundDone = false;
  /** Packets sent while so much was delivered were sent in ProbeRTT: their samples count as application-limited. */
  probeRttFromBytes = FLOAT_ZERO;
  probeRttUntilBytes = -1;
  idleRestart = false;

  // Undo.
  priorCwnd = 0;
  undoPhase: 'none' | 'startup' | 'probe-bw-up' = 'none';
  undoBwShortterm = Number.POSITIVE_INFINITY;
  undoInflightShortterm = Number.POSITIVE_INFINITY;
  undoInflightLongterm = Number.POSITIVE_INFINITY;
  episodeUntilBytes = FLOAT_ZERO;
  episodeLostBytes = 0;
  episodeSpuriousBytes = 0;

  constructor(options: ControllerOptions, nowUs: number, deliveredBytes: number) {
    this.datagramBytes = options.datagramBytes;
    this.random = options.random;
    this.flows = options.flows ?? 1;
    this.initialCwnd = Math.max(options.initialWindowBytes, this.minPipeCwnd);
    this.cwnd = this.initialCwnd;
    this.pacingRate = 0;
    this.minRttUs = options.handshakeRttUs ?? 0;
    this.initPacingRate(this.minRttUs > 0 ? this.minRttUs : parameters.INITIAL_RTT_US);
    this.sendQuantum = 2 * options.datagramBytes;
    this.nowUs = nowUs;
    this.deliveredBytes = deliveredBytes;
    this.startDeliveredBytes = deliveredBytes;
    this.minRttStampUs = nowUs;
    this.probeRttMinStampUs = nowUs;
    this.extraAckedIntervalStartUs = nowUs;
  }

  get pacingGain(): number {
    return PACING_GAIN[this.phase];
  }

  get maxBw(): number {
    return this.maxBwFilter.max;
  }

  get minPipeCwnd(): number {
    return parameters.MIN_PIPE_CWND_DATAGRAMS * this.datagramBytes;
  }

  /** `C.is_cwnd_limited`: was the window full at some point of the last round trip? */
  get isCwndLimited(): boolean {
    return this.cwndLimitedThisRound || this.cwndLimitedLastRound;
  }

  get isInProbeBw(): boolean {
    return this.phase.startsWith('probe-bw');
  }

  /** In a phase that sends faster than the path is known to deliver. */
  get isProbingBw(): boolean {
    return this.phase === 'startup' || this.phase === 'probe-bw-refill' || this.phase === 'probe-bw-up';
  }

  /** The draft's BDPMultiple, at bandwidth `bw`; jitter is part of the round trip. */
  bdp(bw: number, gain: number): number {
    return this.minRttUs === 0 ? this.initialCwnd : (gain * bw * (this.minRttUs + this.jitterUs)) / 1e6;
  }

  /** The draft's Inflight: a multiple of the BDP with room for offload and a minimal pipe. */
  inflight(bw: number, gain: number): number {
    return this.withQuantizationBudget(this.bdp(bw, gain));
  }

  withQuantizationBudget(inflight: number): number {
    const budgeted = Math.max(inflight, this.sendQuantum, this.minPipeCwnd);
    return this.phase === 'probe-bw-up' ? budgeted + 2 * this.datagramBytes : budgeted;
  }

  /** How much we want in flight: the BDP, unless congestion cut the window. */
  get targetInflight(): number {
    return Math.min(this.bdp(this.bw, 1), this.cwnd);
  }

  /** Begins a new packet-timed round without counting one (the draft's StartRound). */
  startRound(): void {
    this.round.startRound(this.deliveredBytes);
  }

  /** The first RTT, or a guess at it, makes the first pacing rate. */
  initPacingRate(rttUs: number): void {
    this.pacingRate = Math.min(
      (parameters.STARTUP_PACING_GAIN * this.initialCwnd * 1e6) / rttUs,
      parameters.MAX_BW,
    );
  }

  /** Takes in what the parts below need of an ACK. */
  beginAck(sample: AckSample): void {
    const hasSample = sample.transmitBytesInFlight > 0;
    const prior = sample.priorDeliveredBytes;
    this.nowUs = sample.nowUs;
    this.deliveredBytes = sample.deliveredBytes;
    this.bytesInFlight = sample.bytesInFlight;
    this.sampleDelivered = hasSample ? Math.max(0, sample.deliveredBytes - prior) : 0;
    this.sampleLimited =
      sample.applicationLimited || (prior >= this.probeRttFromBytes && prior <= this.probeRttUntilBytes);
    if (sample.deliveredBytes > this.appLimitedUntilBytes) this.appLimitedUntilBytes = 0;
  }
}
