import { LOSS_THRESH } from './parameters.ts';
import type { BbrState } from './state.ts';

/** Loss rates over fewer datagrams than this are not compared. */
const MIN_DATAGRAMS = 32;
/** A few losses in a row are chance, whatever the statistics say. */
const MIN_LOST_DATAGRAMS = 6;
/** ProbeRTT sends little: what it showed fades by how much was seen since, not by time. */
const MAX_DRAINING_DATAGRAMS = 512;
/** Standard errors by which two loss rates must differ to be taken for different. */
const SIGNIFICANCE = 3;

interface Ledger {
  acked: number;
  lost: number;
}

/**
 * Loss booked by how fast the packets were sent: faster than the model (ProbeBW_UP), as fast (cruising, no queue seen), slower
 * (ProbeRTT, in which all BBR flows of a bottleneck slow down together). Random loss is the same in all three. Loss that comes
 * with speed and goes with slowness is made by senders overrunning a buffer, though it be too shallow to show in the RTT.
 */
export class LossLedgers {
  private readonly probing: Ledger = { acked: 0, lost: 0 };
  private readonly cruising: Ledger = { acked: 0, lost: 0 };
  private readonly draining: Ledger = { acked: 0, lost: 0 };
  private inProbe = false;

  book(state: BbrState, acked: number, lost: number, queueStands: boolean): void {
    const ledger = this.ledgerOf(state, queueStands);
    if (ledger === undefined) return;
    ledger.acked += acked;
    ledger.lost += lost;
    if (ledger === this.draining && ledger.acked > MAX_DRAINING_DATAGRAMS * state.datagramBytes)
      halve(ledger);
  }

  /** Does loss grow with the rate? */
  growsWithRate(state: BbrState): boolean {
    return (
      exceeds(this.probing, this.cruising, state.datagramBytes) ||
      exceeds(this.cruising, this.draining, state.datagramBytes)
    );
  }

  /** Loss rate while cruising. */
  get background(): number {
    return rateOf(this.cruising);
  }

  /** A probing cycle is over: older evidence fades. */
  fade(): void {
    halve(this.probing);
    halve(this.cruising);
  }

  /** Startup is over: its overshoot is no measure of the path's own loss. */
  forgetCruising(): void {
    this.cruising.acked = 0;
    this.cruising.lost = 0;
  }

  /** Where what comes in now belongs: its packets were sent a round trip ago. */
  private ledgerOf(state: BbrState, queueStands: boolean): Ledger | undefined {
    const { ackPhase, phase } = state;
    if (phase === 'probe-rtt') return state.probeRttRoundDone ? this.draining : undefined;
    // The end of a probe and that of Startup look alike but for how they began.
    if (ackPhase !== 'probe-stopping')
      this.inProbe = ackPhase === 'probe-starting' || ackPhase === 'probe-feedback';
    if (ackPhase === 'probe-stopping' || ackPhase === 'probe-feedback')
      return this.inProbe ? this.probing : undefined;
    return queueStands ? undefined : this.cruising;
  }
}

function rateOf(ledger: Ledger): number {
  const total = ledger.acked + ledger.lost;
  return total > 0 ? ledger.lost / total : 0;
}

/** Is the loss of `fast` above that of `slow` by more than the threshold, and by more than chance? */
function exceeds(fast: Ledger, slow: Ledger, datagramBytes: number): boolean {
  const fastPackets = (fast.acked + fast.lost) / datagramBytes;
  const slowPackets = (slow.acked + slow.lost) / datagramBytes;
  if (fastPackets < MIN_DATAGRAMS || slowPackets < MIN_DATAGRAMS) return false;
  if (fast.lost < MIN_LOST_DATAGRAMS * datagramBytes) return false;
  const excess = rateOf(fast) - rateOf(slow);
  if (excess <= LOSS_THRESH) return false;
  const pooled = (fast.lost + slow.lost) / (fast.acked + fast.lost + slow.acked + slow.lost);
  const variance = pooled * (1 - pooled) * (1 / fastPackets + 1 / slowPackets);
  return excess * excess > SIGNIFICANCE * SIGNIFICANCE * variance;
}

function halve(ledger: Ledger): void {
  ledger.acked /= 2;
  ledger.lost /= 2;
}
