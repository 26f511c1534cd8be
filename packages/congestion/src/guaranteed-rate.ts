import { FLOAT_ZERO, MAX_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { AckSample } from './controller.ts';

/** The window is no limit as long as ACKs come, and ends what is sent into silence. */
const WINDOW_ROUND_TRIPS = 2;
const BACKED_OFF_DATAGRAMS = 4;
const MAX_WINDOW_BYTES = 2 ** 33;
const NONE = -1;

/**
 * A rate that the user demands whatever a congestion controller says: that of the policy `fixed`, and the minimum of the others.
 * Two brakes remain: after persistent congestion (RFC 9002 §7.6) the window falls to four datagrams until something sent since is
 * acknowledged, and the circuit breaker.
 */
export class GuaranteedRate {
  /** Bytes per second; 0 while none is demanded. */
  pacingRate = FLOAT_ZERO;
  /** 0 while none is demanded. */
  windowBytes = FLOAT_ZERO;

  private demandedRate = FLOAT_ZERO;
  private breaker = new CircuitBreaker();
  /** Time of a persistent congestion not yet answered by an ACK of something sent after it; -1 for none. */
  private backedOffUs = NONE;
  private smoothedRttUs = FLOAT_ZERO;
  private datagramBytes: number;
  private readonly initialWindowBytes: number;

  constructor(datagramBytes: number, initialWindowBytes: number) {
    this.datagramBytes = datagramBytes;
    this.initialWindowBytes = initialWindowBytes;
  }

  get isBackedOff(): boolean {
    return this.backedOffUs !== NONE;
  }

  get phase(): string {
    if (this.isBackedOff) return 'backed-off';
    return this.breaker.limitRate < this.demandedRate ? 'breaker-open' : 'steady';
  }

  /** @param bytesPerSecond 0 for none. What the breaker found holds for any new rate as well. */
  demand(bytesPerSecond: number): void {
    this.demandedRate = Math.min(bytesPerSecond, MAX_RATE_BYTES_PER_SECOND);
    this.update();
  }

  onAck(sample: AckSample): void {
    if (sample.smoothedRttUs > 0) this.smoothedRttUs = sample.smoothedRttUs;
    if (sample.rttUs > 0 && sample.nowUs - sample.rttUs >= this.backedOffUs) this.backedOffUs = NONE;
    if (this.demandedRate === 0) return;
    this.breaker.onAck(sample, this.datagramBytes, this.demandedRate);
    this.update();
  }

  onPacketLost(bytes: number): void {
    if (this.demandedRate > 0) this.breaker.onLost(bytes);
  }

  onSpuriousLoss(bytes: number): void {
    this.breaker.onSpuriousLoss(bytes);
  }

  onPersistentCongestion(nowUs: number): void {
    this.backedOffUs = nowUs;
    if (this.demandedRate === 0) return;
    this.breaker.open(nowUs, this.demandedRate);
    this.update();
  }

  onDatagramBytes(datagramBytes: number): void {
    this.datagramBytes = datagramBytes;
    this.update();
  }

  /** New path: what is demanded stays. */
  reset(): void {
    this.breaker = new CircuitBreaker();
    this.backedOffUs = NONE;
    this.smoothedRttUs = 0;
    this.update();
  }

  private update(): void {
    this.pacingRate = Math.min(this.demandedRate, this.breaker.limitRate);
    if (this.pacingRate === 0) this.windowBytes = 0;
    else if (this.isBackedOff) this.windowBytes = BACKED_OFF_DATAGRAMS * this.datagramBytes;
    else {
      const flightBytes = (WINDOW_ROUND_TRIPS * this.pacingRate * this.smoothedRttUs) / 1e6;
      this.windowBytes = Math.min(this.initialWindowBytes + flightBytes, MAX_WINDOW_BYTES);
    }
  }
}
