import type { ArrivalRuns } from '@jetstream/protocol';

/**
 * What a congestion controller is told and what it answers. Modelled on RFC 9002 §7 and draft-ietf-ccwg-bbr.
 * Times are microseconds of one monotonic clock (`nowUs`), rates are bytes per second, sizes are bytes of UDP payload.
 * The sample objects are reused: read them during the call, keep nothing of them.
 */
export interface CongestionController {
  readonly name: string;
  /** Bytes that may be in flight; finite, at least `2 × datagramBytes`. */
  readonly windowBytes: number;
  /** Bytes per second at which the pacer sends; finite, above zero. */
  readonly pacingRate: number;
  /** An ack-eliciting packet was sent; `pacingRate` may be another one now. `bytesInFlight` does not count it yet. */
  onPacketSent(nowUs: number, packetBytes: number, bytesInFlight: number, packetNumber: number): void;
  /** One ACK frame was processed (after losses it revealed were reported by `onPacketLost`). */
  onAck(sample: AckSample): void;
  /** One packet was declared lost. Called before the `onAck` of the ACK that revealed it, or alone after a timer. */
  onPacketLost(loss: LossSample): void;
  /** A packet declared lost was acknowledged after all. */
  onSpuriousLoss(nowUs: number, packetBytes: number): void;
  /** Nothing was acknowledged for the persistent congestion time of RFC 9002 §7.6. */
  onPersistentCongestion(nowUs: number): void;
  onDatagramBytes(datagramBytes: number): void;
  /** The application had less to send than allowed (nothing queued, or no credit of the peer). */
  onApplicationLimited(nowUs: number, bytesInFlight: number): void;
  /** Path changed (migration): forget the model, keep the configuration. */
  reset(nowUs: number): void;
  /** What to remember of the path; undefined while too little was seen. Not every controller has it. */
  describePath?(): RememberedPath | undefined;
  /** For logs, progress and plots. */
  readonly phase: string;
}

export interface AckSample {
  nowUs: number;
  /** Newly acknowledged by this frame. */
  ackedBytes: number;
  /** In so many packets. */
  ackedPackets: number;
  /** Newly declared lost by this frame. */
  lostBytes: number;
  bytesInFlight: number;
  priorBytesInFlight: number;
  /** RTT sample of this ACK, or 0 when it gave none. */
  rttUs: number;
  /**
   * When the largest packet acknowledged was received, in µs of the receiver's clock modulo `ARRIVAL_MODULUS_US`. As the peer
   * says; to be looked at when `rttUs` is above 0, for else it is old.
   */
  arrivalUs: number;
  /** How what was acknowledged last came in, up to `arrivalUs`; as far as the peer tells. */
  arrivals: ArrivalRuns;
  /** The part of `rttUs` for which the peer says that it held its ACK back, as far as it was allowed to. */
  ackDelayUs: number;
  /** Mean time from sending to now of what was newly acknowledged, weighted by bytes; 0 when not known. */
  meanAckUs: number;
  smoothedRttUs: number;
  minRttUs: number;
  largestAcked: number;
  /** Total bytes delivered so far on this connection. */
  deliveredBytes: number;
  /** Delivery rate sample (draft-ietf-ccwg-bbr §4.1); 0 when none. */
  deliveryRate: number;
  /** Value of `deliveredBytes` when the newest acked packet was sent. */
  priorDeliveredBytes: number;
  /** Was sending limited by the application when that packet was sent. */
  applicationLimited: boolean;
  /** Bytes in flight when that packet was sent, itself included. */
  transmitBytesInFlight: number;
  /** Bytes lost between its sending and now. */
  lostSinceTransmitBytes: number;
  /** Newly reported CE marks. */
  ecnCeCount: number;
}

export interface LossSample {
  nowUs: number;
  packetNumber: number;
  packetBytes: number;
  bytesInFlight: number;
  sentUs: number;
  transmitBytesInFlight: number;
  /** Total lost so far minus the total when this packet was sent. */
  lostSinceTransmitBytes: number;
  deliveredBytes: number;
  smoothedRttUs: number;
  minRttUs: number;
  /** Was sending limited by the application when the packet was sent. Taken as false when absent. */
  applicationLimited?: boolean;
}

/** What is worth knowing of a path on the next connection over it (draft-ietf-tsvwg-careful-resume). */
export interface RememberedPath {
  /** Least RTT seen, above 0. */
  readonly minRttUs: number;
  /** Delivered over some round trips on end while there was always more to send; not the best of them. Above 0. */
  readonly rateBytesPerSecond: number;
}

export interface ControllerOptions {
  datagramBytes: number;
  initialWindowBytes: number;
  /** RTT that the handshake took. Default: not known. */
  handshakeRttUs?: number | undefined;
  /** The path as an earlier connection left it. A controller may do without. Default: not known. */
  rememberedPath?: RememberedPath | undefined;
  /** Random in [0, 1), given from outside so that runs repeat. */
  random: () => number;
  /** How many flows' share of a bottleneck to take, where the controller competes for one: 1, the default, or 2. */
  flows?: number;
}
