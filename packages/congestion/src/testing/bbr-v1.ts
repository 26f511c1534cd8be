import { WindowedMaxFilter } from '../bbr/windowed-max-filter.ts';
import type { AckSample, CongestionController, LossSample } from '../controller.ts';
import { initialWindowBytes } from '../create-controller.ts';
import { RoundCounter } from '../round-counter.ts';
import { DATAGRAM_BYTES } from './path.ts';
import { seededRandom } from './random.ts';

const HIGH_GAIN = 2.885;
const CWND_GAIN = 2;
const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1];
const PACING_MARGIN = 0.01;
const MAX_BW_ROUNDS = 10;
const FULL_BW_GROWTH = 1.25;
const FULL_BW_ROUNDS = 3;
const MIN_RTT_WINDOW_US = 10e6;
const PROBE_RTT_US = 200_000;
const MIN_WINDOW_BYTES = 4 * DATAGRAM_BYTES;
/** Room for what offload keeps together. */
const BUDGET_BYTES = 3 * 64 * 1024;
const EXTRA_ACKED_ROUNDS = 10;
const MAX_EXTRA_ACKED_US = 100_000;

/**
 * BBR of the Linux kernel (version 1, `net/ipv4/tcp_bbr.c` described in draft-cardwell-iccrg-bbr-congestion-control-00), as far as a
 * rival feels it: it looks at no loss but to give up a probe, keeps twice the BDP in flight, and probes once in eight round trips. Its
 * detection of policers and its packet conservation in the first round of a recovery are left out.
 */
export class BbrV1 implements CongestionController {
  readonly name = 'bbr-v1';
  windowBytes = initialWindowBytes(DATAGRAM_BYTES);
  pacingRate = (HIGH_GAIN * initialWindowBytes(DATAGRAM_BYTES) * 1e6) / 1_000;
  phase: 'startup' | 'drain' | 'probe-bw' | 'probe-rtt' = 'startup';

  private readonly random: () => number;
  private readonly round = new RoundCounter();
  private readonly maxBw = new WindowedMaxFilter(MAX_BW_ROUNDS);
  private readonly extraAcked = new WindowedMaxFilter(EXTRA_ACKED_ROUNDS);
  private epochUs = 0;
  private epochAcked = 0;
  private minRttUs = 0;
  private minRttStampUs = 0;
  private fullBw = 0;
  private fullBwRounds = 0;
  private cycle = 0;
  private cycleUs = 0;
  private lostInCycle = false;
  private priorWindow = 0;
  private probeRttDoneUs = 0;
  private probeRttRound = false;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  onPacketSent(): void {}

  onAck(sample: AckSample): void {
    this.round.onAck(sample);
    const isNewMax = sample.deliveryRate >= this.maxBw.max;
    if (sample.deliveryRate > 0 && (isNewMax || !sample.applicationLimited))
      this.maxBw.update(sample.deliveryRate, this.round.count);
    this.updateExtraAcked(sample);
    this.checkFullPipe(sample);
    if (this.phase === 'drain' && sample.bytesInFlight <= this.target(1)) this.enterProbeBw(sample.nowUs);
    if (this.phase === 'probe-bw') this.advanceCycle(sample);
    this.updateMinRtt(sample);
    this.pacingRate = this.nextPacingRate(sample);
    this.windowBytes = this.nextWindow(sample);
  }

  onPacketLost(_loss: LossSample): void {
    this.lostInCycle = true;
  }

  onSpuriousLoss(): void {}
  onPersistentCongestion(): void {
    this.priorWindow = Math.max(this.priorWindow, this.windowBytes);
    this.windowBytes = MIN_WINDOW_BYTES;
  }
  onDatagramBytes(): void {}
  onApplicationLimited(): void {}
  reset(): void {}

  private get isPipeFull(): boolean {
    return this.fullBwRounds >= FULL_BW_ROUNDS;
  }

  private get pacingGain(): number {
    if (this.phase === 'startup') return HIGH_GAIN;
    if (this.phase === 'drain') return 1 / HIGH_GAIN;
    return this.phase === 'probe-bw' ? CYCLE[this.cycle]! : 1;
  }

  private target(gain: number): number {
    return (gain * this.maxBw.max * this.minRttUs) / 1e6 + Math.min(BUDGET_BYTES, this.quantumBudget);
  }

  /** Three batches of a millisecond of the rate, two datagrams at least. */
  private get quantumBudget(): number {
    return 3 * Math.max(this.pacingRate / 1_000, 2 * DATAGRAM_BYTES);
  }

  private updateExtraAcked(sample: AckSample): void {
    const expected = (this.maxBw.max * Math.max(0, sample.nowUs - this.epochUs)) / 1e6;
    if (this.epochAcked <= expected) {
      this.epochUs = sample.nowUs;
      this.epochAcked = sample.ackedBytes;
      return;
    }
    this.epochAcked += sample.ackedBytes;
    this.extraAcked.update(
      Math.min(Math.max(0, this.epochAcked - expected), this.windowBytes),
      this.round.count,
    );
  }

  private checkFullPipe(sample: AckSample): void {
    if (this.isPipeFull || !this.round.started || sample.applicationLimited) return;
    if (this.maxBw.max >= this.fullBw * FULL_BW_GROWTH) {
      this.fullBw = this.maxBw.max;
      this.fullBwRounds = 0;
    } else if (++this.fullBwRounds >= FULL_BW_ROUNDS && this.phase === 'startup') this.phase = 'drain';
  }

  private enterProbeBw(nowUs: number): void {
    this.phase = 'probe-bw';
    // Any phase but the one that drains.
    const first = Math.floor(this.random() * (CYCLE.length - 1));
    this.cycle = first === 0 ? 0 : first + 1;
    this.cycleUs = nowUs;
    this.lostInCycle = false;
  }

  private advanceCycle(sample: AckSample): void {
    const gain = this.pacingGain;
    let isOver = sample.nowUs - this.cycleUs > this.minRttUs;
    if (gain > 1) isOver &&= this.lostInCycle || sample.priorBytesInFlight >= this.target(gain);
    else if (gain < 1) isOver ||= sample.priorBytesInFlight <= this.target(1);
    if (!isOver) return;
    this.cycle = (this.cycle + 1) % CYCLE.length;
    this.cycleUs = sample.nowUs;
    this.lostInCycle = false;
  }

  private updateMinRtt(sample: AckSample): void {
    const { nowUs, rttUs } = sample;
    const expired = nowUs > this.minRttStampUs + MIN_RTT_WINDOW_US;
    if (rttUs > 0 && (this.minRttUs === 0 || rttUs <= this.minRttUs || expired)) {
      this.minRttUs = rttUs;
      this.minRttStampUs = nowUs;
    }
    if (expired && this.phase !== 'probe-rtt') {
      this.phase = 'probe-rtt';
      this.priorWindow = this.windowBytes;
      this.probeRttDoneUs = 0;
    }
    if (this.phase === 'probe-rtt') this.probeRtt(sample);
  }

  private probeRtt({ nowUs, bytesInFlight, deliveredBytes }: AckSample): void {
    if (this.probeRttDoneUs === 0) {
      if (bytesInFlight > MIN_WINDOW_BYTES) return;
      this.probeRttDoneUs = nowUs + PROBE_RTT_US;
      this.probeRttRound = false;
      this.round.startRound(deliveredBytes);
      return;
    }
    if (this.round.started) this.probeRttRound = true;
    if (!this.probeRttRound || nowUs < this.probeRttDoneUs) return;
    this.minRttStampUs = nowUs;
    this.windowBytes = Math.max(this.windowBytes, this.priorWindow);
    if (this.isPipeFull) this.enterProbeBw(nowUs);
    else this.phase = 'startup';
  }

  private nextPacingRate({ rttUs }: AckSample): number {
    if (this.maxBw.max === 0) {
      return rttUs > 0 ? (HIGH_GAIN * this.windowBytes * 1e6) / rttUs : this.pacingRate;
    }
    const rate = this.pacingGain * this.maxBw.max * (1 - PACING_MARGIN);
    return this.isPipeFull || rate > this.pacingRate ? rate : this.pacingRate;
  }

  private nextWindow({ ackedBytes }: AckSample): number {
    if (this.phase === 'probe-rtt') return MIN_WINDOW_BYTES;
    const gain = this.phase === 'probe-bw' ? CWND_GAIN : HIGH_GAIN;
    const extra = Math.min(this.extraAcked.max, (this.maxBw.max * MAX_EXTRA_ACKED_US) / 1e6);
    const target = this.minRttUs === 0 ? this.windowBytes : this.target(gain) + extra;
    const grown = this.windowBytes + ackedBytes;
    if (this.isPipeFull) return Math.max(Math.min(grown, target), MIN_WINDOW_BYTES);
    return this.windowBytes < target ? grown : this.windowBytes;
  }
}
