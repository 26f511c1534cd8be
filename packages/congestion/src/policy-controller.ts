import { FLOAT_ZERO } from '@jetstream/protocol';
import { Bbr } from './bbr/bbr.ts';
import type {
  AckSample,
  CongestionController,
  ControllerOptions,
  LossSample,
  RememberedPath,
} from './controller.ts';
import { type ControllerName, createController } from './create-controller.ts';
import { Cubic } from './cubic.ts';
import { GuaranteedRate } from './guaranteed-rate.ts';
import { checkRatePolicy, type RatePolicy, type RatePolicyName } from './rate-policy.ts';
import { RoundCounter } from './round-counter.ts';

/** Flows whose share `high` takes. */
const HIGH_FLOWS = 2;
/** A new controller begins with this part of what the old one had delivered in a round trip, and searches from there. */
const SEED = 1 / 2;
/** Pacing of that beginning, in windows per round trip. */
const SEED_PACING_GAIN = 2;

export interface PolicyControllerOptions extends ControllerOptions {
  /** What governs `fair` and `high`. */
  congestion: 'bbr' | 'cubic';
  policy: RatePolicy;
}

/**
 * A rate policy at work: the congestion controller that it asks for, replaced when it changes while a transfer runs, and the
 * rate that it guarantees. Its cap is the pacer's affair.
 */
export class PolicyController implements CongestionController {
  windowBytes = FLOAT_ZERO;
  pacingRate = FLOAT_ZERO;

  private readonly options: ControllerOptions;
  private readonly congestion: 'bbr' | 'cubic';
  private datagramBytes: number;
  policyName: RatePolicyName;
  /** undefined for `fixed`. */
  private controller: CongestionController | undefined;
  private readonly guaranteed: GuaranteedRate;
  /** Until a new controller has its first RTT sample it is paced by this at most; 0 for no bound. */
  private seedPacingRate = FLOAT_ZERO;

  // What a new controller is seeded with.
  private smoothedRttUs = FLOAT_ZERO;
  private minRttUs = FLOAT_ZERO;
  private readonly round = new RoundCounter();
  /** Best delivery rate of this round and of the last. */
  private roundRate = FLOAT_ZERO;
  private lastRoundRate = FLOAT_ZERO;

  /** @throws JetStreamError `invalid-argument` for a policy that cannot be */
  constructor({ congestion, policy, ...options }: PolicyControllerOptions) {
    checkRatePolicy(policy);
    this.options = { ...options, handshakeRttUs: 0, rememberedPath: undefined };
    this.congestion = congestion;
    this.policyName = policy.policy;
    this.datagramBytes = options.datagramBytes;
    this.guaranteed = new GuaranteedRate(options.datagramBytes, options.initialWindowBytes);
    this.guaranteed.demand(guaranteedRateOf(policy));
    this.controller = this.createController(options);
    this.refresh();
  }

  get name(): string {
    return this.controller?.name ?? 'fixed';
  }

  get phase(): string {
    if (this.controller === undefined) return this.guaranteed.phase;
    return this.isBelowGuaranteed ? 'minimum' : this.controller.phase;
  }

  /**
   * Changes the policy. Where that takes another controller, the new one begins at half of what the path has just delivered; a back-off
   * under way goes on.
   * @throws JetStreamError `invalid-argument` for a policy that cannot be; then nothing changes
   */
  setPolicy(nowUs: number, policy: RatePolicy): void {
    checkRatePolicy(policy);
    this.policyName = policy.policy;
    this.guaranteed.demand(guaranteedRateOf(policy));
    const { controller } = this;
    if (controller?.name !== this.controllerName) this.replaceController(nowUs);
    else if (controller instanceof Bbr || controller instanceof Cubic)
      controller.flows = flowsOf(this.policyName);
    this.refresh();
  }

  onPacketSent(nowUs: number, packetBytes: number, bytesInFlight: number, packetNumber: number): void {
    if (this.controller === undefined) return;
    this.controller.onPacketSent(nowUs, packetBytes, bytesInFlight, packetNumber);
    this.refresh();
  }

  onAck(sample: AckSample): void {
    this.observe(sample);
    this.guaranteed.onAck(sample);
    this.controller?.onAck(sample);
    if (sample.rttUs > 0) this.seedPacingRate = 0;
    this.refresh();
  }

  onPacketLost(loss: LossSample): void {
    this.guaranteed.onPacketLost(loss.packetBytes);
    this.controller?.onPacketLost(loss);
    this.refresh();
  }

  onSpuriousLoss(nowUs: number, packetBytes: number): void {
    this.guaranteed.onSpuriousLoss(packetBytes);
    this.controller?.onSpuriousLoss(nowUs, packetBytes);
    this.refresh();
  }

  onPersistentCongestion(nowUs: number): void {
    this.guaranteed.onPersistentCongestion(nowUs);
    this.controller?.onPersistentCongestion(nowUs);
    this.refresh();
  }

  onDatagramBytes(datagramBytes: number): void {
    this.datagramBytes = datagramBytes;
    this.guaranteed.onDatagramBytes(datagramBytes);
    this.controller?.onDatagramBytes(datagramBytes);
    this.refresh();
  }

  onApplicationLimited(nowUs: number, bytesInFlight: number): void {
    this.controller?.onApplicationLimited(nowUs, bytesInFlight);
  }

  describePath(): RememberedPath | undefined {
    return this.controller?.describePath?.();
  }

  reset(nowUs: number): void {
    this.smoothedRttUs = 0;
    this.minRttUs = 0;
    this.roundRate = 0;
    this.lastRoundRate = 0;
    this.guaranteed.reset();
    this.replaceController(nowUs);
    this.refresh();
  }

  private get controllerName(): ControllerName | undefined {
    switch (this.policyName) {
      case 'fixed':
        return undefined;
      case 'low':
        return 'ledbat';
      default:
        return this.congestion;
    }
  }

  private createController(options: ControllerOptions): CongestionController | undefined {
    const name = this.controllerName;
    if (name === undefined) return undefined;
    return createController(name, { ...options, flows: flowsOf(this.policyName) });
  }

  private replaceController(nowUs: number): void {
    const { minRttUs, smoothedRttUs, guaranteed } = this;
    const deliveredBytes = (Math.max(this.roundRate, this.lastRoundRate) * minRttUs) / 1e6;
    const seedBytes = guaranteed.isBackedOff ? 0 : SEED * deliveredBytes;
    const windowBytes = Math.max(this.options.initialWindowBytes, seedBytes);
    const { options, datagramBytes } = this;
    this.controller = this.createController({ ...options, datagramBytes, initialWindowBytes: windowBytes });
    // It has not seen the time before now.
    this.controller?.reset(nowUs);
    if (guaranteed.isBackedOff) this.controller?.onPersistentCongestion(nowUs);
    this.seedPacingRate = smoothedRttUs > 0 ? (SEED_PACING_GAIN * windowBytes * 1e6) / smoothedRttUs : 0;
  }

  private observe(sample: AckSample): void {
    this.smoothedRttUs = sample.smoothedRttUs;
    this.minRttUs = sample.minRttUs;
    if (this.round.onAck(sample)) {
      this.lastRoundRate = this.roundRate;
      this.roundRate = 0;
    }
    this.roundRate = Math.max(this.roundRate, sample.deliveryRate);
  }

  private refresh(): void {
    const { controller, guaranteed, seedPacingRate } = this;
    if (controller === undefined || this.isBelowGuaranteed) {
      this.windowBytes = Math.max(guaranteed.windowBytes, controller?.windowBytes ?? 0);
      this.pacingRate = guaranteed.pacingRate;
    } else {
      this.windowBytes = controller.windowBytes;
      this.pacingRate = controller.pacingRate;
    }
    if (seedPacingRate > 0) this.pacingRate = Math.min(this.pacingRate, seedPacingRate);
  }

  /** Would the controller alone send less than is guaranteed, other than for a measurement? */
  private get isBelowGuaranteed(): boolean {
    const { controller, guaranteed, smoothedRttUs } = this;
    if (controller === undefined || guaranteed.pacingRate === 0 || smoothedRttUs <= 0) return false;
    const windowRate = (controller.windowBytes * 1e6) / smoothedRttUs;
    return Math.min(controller.pacingRate, windowRate) < guaranteed.pacingRate && !isMeasuring(controller);
  }
}

/**
 * Phases in which a controller sends little on purpose, for part of a second, so that the queue drains and the path's own RTT shows. They
 * would last for ever if a guarantee kept the queue full.
 */
function isMeasuring({ phase }: CongestionController): boolean {
  return phase === 'probe-rtt' || phase === 'slowdown';
}

function flowsOf(policy: RatePolicyName): number {
  return policy === 'high' ? HIGH_FLOWS : 1;
}

function guaranteedRateOf(policy: RatePolicy): number {
  const rate = policy.policy === 'fixed' ? policy.targetBytesPerSecond : policy.minimumBytesPerSecond;
  return Math.min(rate ?? 0, policy.capBytesPerSecond ?? Number.POSITIVE_INFINITY);
}
