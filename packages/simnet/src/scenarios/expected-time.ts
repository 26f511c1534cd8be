/**
 * The one place that says how long a transfer may take:
 *
 *   start-up rounds × RTT  +  bytes / (payload share × (1 − loss) × rate × steady share)
 *
 * A sender that begins with 32 packets and doubles each round fills the path after log2(BDP / 32 packets) rounds. To those
 * come `SLACK_ROUNDS` for opening the transfer, the end of start-up, and repeating what was lost last.
 */
export interface ExpectedTimeInputs {
  bytes: number;
  rateBytesPerSecond: number;
  rttUs: number;
  lossShare: number;
  /** Share of the link that the controller is held to once it has found it. Default 0.9. */
  steadyShare?: number;
  /** Default `SLACK_ROUNDS`. */
  slackRounds?: number;
}

const FIRST_WINDOW_BYTES = 32 * 1200;
export const SLACK_ROUNDS = 8;
/** Content bytes in a byte on the wire, for datagrams of 1,200 bytes: 28 of IP and UDP, 29 of the packet, up to 14 of a frame, and some for ACKs and streams. */
export const PAYLOAD_SHARE = 0.935;

export function expectedCompletionUs(inputs: ExpectedTimeInputs): number {
  const { bytes, lossShare, steadyShare = 0.9 } = inputs;
  const rate = PAYLOAD_SHARE * (1 - lossShare) * inputs.rateBytesPerSecond * steadyShare;
  return startupUs(inputs) + (bytes / rate) * 1e6;
}

/** When start-up is over at the latest. */
export function startupUs({
  rateBytesPerSecond,
  rttUs,
  slackRounds = SLACK_ROUNDS,
}: ExpectedTimeInputs): number {
  const bdpBytes = (rateBytesPerSecond * rttUs) / 1e6;
  return (Math.max(0, Math.log2(bdpBytes / FIRST_WINDOW_BYTES)) + slackRounds) * rttUs;
}

/**
 * Content bytes that may be sent again, in units of the content: what random loss takes, once more for every time it takes
 * it; what start-up drops by filling the queue beyond its end; and half a percent for probing.
 * @param overshootBdp what start-up may drop, in bandwidth-delay products
 */
export function expectedResentShare(inputs: ExpectedTimeInputs, overshootBdp: number): number {
  const { bytes, rateBytesPerSecond, rttUs, lossShare } = inputs;
  const overshoot = (overshootBdp * rateBytesPerSecond * rttUs) / 1e6 / bytes;
  return lossShare / (1 - lossShare) + overshoot + 0.005;
}

/**
 * Bytes per second that CUBIC's response to random loss allows: the larger of its own average window and Reno's
 * (RFC 9438 §5.1, with C = 0.4 and beta = 0.7; RFC 5681), in datagrams of 1,200 bytes.
 */
export function cubicRateBytesPerSecond(rttUs: number, lossShare: number): number {
  const rttSeconds = rttUs / 1e6;
  const cubicWindow = 1.054 * (rttSeconds / lossShare) ** 0.75;
  const renoWindow = Math.sqrt(1.5 / lossShare);
  return (Math.max(cubicWindow, renoWindow) * 1200) / rttSeconds;
}
