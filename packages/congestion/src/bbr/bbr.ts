import type {
  AckSample,
  CongestionController,
  ControllerOptions,
  LossSample,
  RememberedPath,
} from '../controller.ts';
import { updateAckAggregation } from './ack-aggregation.ts';
import { CarefulResume } from './careful-resume.ts';
import { setPacingRateWithGain, updateControlParameters } from './control.ts';
import { DelayGatedLoss } from './delay-gated-loss.ts';
import { DeliveryCollapse } from './delivery-collapse.ts';
import { checkDrainDone } from './drain.ts';
import { respondToCe } from './ecn.ts';
import { checkFullBwReached } from './full-pipe.ts';
import { JitterEstimator } from './jitter-estimator.ts';
import { updateLineLoss } from './line-loss.ts';
import { checkProbeLoss } from './long-term-model.ts';
import { MAX_BW } from './parameters.ts';
import { updateProbeBwCyclePhase } from './probe-bw.ts';
import { checkProbeRtt, checkProbeRttDone, updateMinRtt } from './probe-rtt.ts';
import {
  adaptLowerBoundsFromCongestion,
  advanceLatestDeliverySignals,
  resetCongestionSignals,
  resetShortTermModel,
  updateLatestDeliverySignals,
} from './short-term-model.ts';
import { checkStartupDone } from './startup.ts';
import { BbrState } from './state.ts';
import { SustainedRate } from './sustained-rate.ts';
import { handleSpuriousLoss, noteLoss, restoreCwnd, saveCwnd } from './undo.ts';

/** What is remembered of a path on which what was remembered proved to be too much, at most. */
const REFUTED_SHARE = 1 / 2;

/**
 * BBRv3 of draft-ietf-ccwg-bbr with delay-gated loss (`delay-gated-loss.ts`, docs/CONGESTION.md). This file is the order of
 * steps (draft §5.2); each step is in a file of its own.
 */
export class Bbr implements CongestionController {
  readonly name = 'bbr';
  private readonly options: ControllerOptions;
  /** The model, for tests and plots. */
  state: BbrState;
  private readonly createGate: () => DelayGatedLoss;
  private gate: DelayGatedLoss;
  private resume: CarefulResume;
  private collapse = new DeliveryCollapse();
  private jitter = new JitterEstimator();
  private sustained = new SustainedRate();
  /** Time of a persistent congestion not yet answered by an ACK of something sent after it; -1 for none. */
  private backedOffUs = -1;

  /** @param createGate the rule by which loss counts; another one than ours serves to compare with the draft */
  constructor(options: ControllerOptions, createGate: () => DelayGatedLoss = () => new DelayGatedLoss()) {
    // What another connection saw holds for the first path only.
    this.options = { ...options, handshakeRttUs: 0, rememberedPath: undefined };
    this.createGate = createGate;
    this.state = new BbrState(options, 0, 0);
    this.gate = createGate();
    this.resume = new CarefulResume(this.state, options.rememberedPath);
  }

  /** `ControllerOptions.flows`; may be changed at any time. */
  set flows(flows: number) {
    this.options.flows = flows;
    this.state.flows = flows;
  }

  get windowBytes(): number {
    return this.backedOffUs >= 0 ? this.state.minPipeCwnd : this.state.cwnd;
  }

  get pacingRate(): number {
    const { state, resume } = this;
    return state.phase === 'startup' ? resume.capacity.pacingRate(state.pacingRate) : state.pacingRate;
  }

  get phase(): string {
    return this.backedOffUs >= 0 ? 'backed-off' : this.state.phase;
  }

  onPacketSent(nowUs: number, packetBytes: number, bytesInFlight: number, packetNumber: number): void {
    const { state } = this;
    if (state.phase === 'startup') this.resume.onPacketSent(nowUs, packetBytes, packetNumber);
    if (bytesInFlight + packetBytes + state.datagramBytes > this.windowBytes)
      state.cwndLimitedThisRound = true;
    if (bytesInFlight > 0 || state.appLimitedUntilBytes === 0) return;
    // Restarting from idle (draft §5.4).
    state.nowUs = nowUs;
    state.idleRestart = true;
    state.extraAckedIntervalStartUs = nowUs;
    if (state.isInProbeBw) setPacingRateWithGain(state, 1);
    else if (state.phase === 'probe-rtt') checkProbeRttDone(state);
  }

  onAck(sample: AckSample): void {
    const { state } = this;
    if (sample.ackedBytes <= 0) return;
    if (state.minRttUs === 0 && sample.rttUs > 0) state.initPacingRate(sample.rttUs);
    state.beginAck(sample);
    this.endBackOff(sample);
    this.updateModelAndState(sample);
    updateControlParameters(state, sample, this.resume);
  }

  onPacketLost(loss: LossSample): void {
    const { state } = this;
    state.nowUs = loss.nowUs;
    state.deliveredBytes = loss.deliveredBytes;
    this.gate.onLoss(state, loss);
    this.resume.onLoss(loss);
    noteLoss(state);
    state.episodeLostBytes += loss.packetBytes;
    state.lossRoundLostBytes += loss.packetBytes;
    if (loss.packetNumber !== state.lastLostPacket + 1) state.lossRangesInRound++;
    state.lastLostPacket = loss.packetNumber;
    checkProbeLoss(state, this.gate, loss);
  }

  onSpuriousLoss(_nowUs: number, packetBytes: number): void {
    const { state } = this;
    if (state.episodeLostBytes === 0) return;
    state.episodeSpuriousBytes += packetBytes;
    if (state.episodeSpuriousBytes < state.episodeLostBytes) return;
    state.episodeLostBytes = 0;
    handleSpuriousLoss(state);
  }

  /**
   * The path fell silent: the window drops to its floor until something sent from now on is acknowledged. The model is kept,
   * for an outage says nothing about the path's rate, so that sending resumes within one round trip of healing.
   */
  onPersistentCongestion(nowUs: number): void {
    if (this.backedOffUs < 0) saveCwnd(this.state);
    this.backedOffUs = nowUs;
  }

  onDatagramBytes(datagramBytes: number): void {
    this.state.datagramBytes = datagramBytes;
    this.state.cwnd = Math.max(this.state.cwnd, this.state.minPipeCwnd);
  }

  onApplicationLimited(_nowUs: number, bytesInFlight: number): void {
    this.resume.onApplicationLimited();
    this.state.appLimitedUntilBytes = Math.max(this.state.deliveredBytes + bytesInFlight, 1);
  }

  reset(nowUs: number): void {
    const { deliveredBytes, datagramBytes } = this.state;
    this.state = new BbrState({ ...this.options, datagramBytes }, nowUs, deliveredBytes);
    this.state.modelSinceUs = nowUs;
    this.gate = this.createGate();
    this.resume = new CarefulResume(this.state, undefined);
    this.collapse = new DeliveryCollapse();
    this.jitter = new JitterEstimator();
    this.sustained = new SustainedRate();
    this.backedOffUs = -1;
  }

  describePath(): RememberedPath | undefined {
    const { minRttUs, bw } = this.state;
    // Nothing was sustained by a copy that was over soon; but what misled it would mislead the next one as well.
    const rateBytesPerSecond =
      this.sustained.bytesPerSecond || Math.min(bw, REFUTED_SHARE * this.resume.refutedRate);
    return rateBytesPerSecond > 0 && minRttUs > 0 ? { minRttUs, rateBytesPerSecond } : undefined;
  }

  private updateModelAndState(sample: AckSample): void {
    const { state, gate } = this;
    updateLatestDeliverySignals(state, sample);
    this.updateRound(sample);
    this.updateMaxBw(sample);
    gate.onAck(state, sample);
    if (!gate.isQueueStanding(state)) this.jitter.onAck(state, sample);
    respondToCe(state, sample);
    adaptLowerBoundsFromCongestion(state, gate);
    updateLineLoss(state, gate);
    this.checkCollapse(sample);
    this.sustained.onAck(state);
    updateAckAggregation(state, sample);
    checkFullBwReached(state, sample, gate.isQueueDeep(state));
    const starting = state.phase === 'startup';
    if (starting) this.resume.onAck(state, sample);
    checkStartupDone(state, gate, sample, this.resume.capacity);
    if (starting && state.phase !== 'startup') gate.onStartupDone();
    checkDrainDone(state);
    updateProbeBwCyclePhase(state, gate, sample);
    updateMinRtt(state, sample);
    checkProbeRtt(state);
    advanceLatestDeliverySignals(state, sample);
    state.bw = Math.min(state.maxBw, state.bwShortterm);
  }

  private updateRound(sample: AckSample): void {
    const { state } = this;
    if (!state.round.onAck(sample)) return;
    state.roundsSinceProbeUp++;
    state.cwndLimitedLastRound = state.cwndLimitedThisRound;
    state.cwndLimitedThisRound = false;
  }

  private updateMaxBw(sample: AckSample): void {
    const { state } = this;
    const sentUs = sample.nowUs - sample.rttUs;
    if (sample.deliveryRate <= 0 || sentUs < state.modelSinceUs) return;
    if (state.sampleLimited && sample.deliveryRate < state.maxBw) return;
    state.maxBwFilter.update(Math.min(sample.deliveryRate, MAX_BW), state.cycleCount);
  }

  private checkCollapse(sample: AckSample): void {
    const { state, gate } = this;
    const congested = gate.isLossHard || gate.isQueueStanding(state);
    const rate = this.collapse.onAck(state, sample, congested);
    if (rate <= 0) return;
    state.modelSinceUs = state.nowUs;
    state.maxBwFilter.reset();
    state.maxBwFilter.update(rate, state.cycleCount);
    resetShortTermModel(state);
  }

  private endBackOff(sample: AckSample): void {
    if (this.backedOffUs < 0 || sample.rttUs <= 0 || sample.nowUs - sample.rttUs < this.backedOffUs) return;
    this.backedOffUs = -1;
    const { state } = this;
    restoreCwnd(state);
    resetShortTermModel(state);
    resetCongestionSignals(state);
    state.inflightLongterm = Math.max(state.inflightLongterm, state.undoInflightLongterm);
    this.gate.forgetRound();
  }
}
