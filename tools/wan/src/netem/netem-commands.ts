import { JetStreamError } from '@jetstream/protocol';
import { bytesPerMs, type DirectionOptions, queueLimitBytes } from '../direction-options.ts';

/** In flight, not waiting for the bottleneck: as good as no limit. */
const IN_FLIGHT_PACKETS = 1_000_000;
/** What stands for no limit of rate, and of bytes. */
const UNLIMITED_MBIT_PER_SECOND = 100_000;
const UNLIMITED_BYTES = 2 ** 30;
/** The bucket of tokens holds so much time of the rate, and two packets at least: smaller ones cannot keep the rate. */
const BURST_MS = 0.25;
const SMALLEST_BURST_BYTES = 3200;
/** The kernel counts Ethernet frames; the WAN counts IP packets. */
export const ETHERNET_HEADER_BYTES = 14;

/** @returns why netem cannot be this direction; undefined: it can */
export function beyondNetem(options: DirectionOptions): string | undefined {
  if (options.jitterMs > 0) return 'jitter without reordering';
  if (options.reorderPercent > 0) return 'packets held back while others overtake';
  return undefined;
}

/** @throws JetStreamError `invalid-argument` */
export function refuseBeyondNetem(options: DirectionOptions): void {
  const what = beyondNetem(options);
  if (what) throw new JetStreamError('invalid-argument', `netem does not have ${what}: use the backend tun`);
}

/**
 * The commands of `tc` that make, or change, what stands at the device that packets of this direction leave through. netem
 * loses and delays them; then they queue for tbf, the bottleneck. (Our own program loses them after the queue.)
 */
export function qdiscCommands(device: string, options: DirectionOptions): string[] {
  const rate =
    options.rateMbitPerSecond === 'unlimited' ? UNLIMITED_MBIT_PER_SECOND : options.rateMbitPerSecond;
  const burst = Math.max(SMALLEST_BURST_BYTES, Math.round(bytesPerMs(rate) * BURST_MS));
  const limit = Math.max(
    SMALLEST_BURST_BYTES,
    Math.min(UNLIMITED_BYTES, Math.round(queueLimitBytes(options))),
  );
  return [
    [
      `qdisc replace dev ${device} root handle 1: stab overhead -${ETHERNET_HEADER_BYTES} netem`,
      `limit ${IN_FLIGHT_PACKETS}`,
      `delay ${Math.round(options.delayMs * 1000)}us`,
      ...lossWords(options),
      ...(options.duplicatePercent > 0 ? [`duplicate ${options.duplicatePercent}%`] : []),
    ].join(' '),
    [
      `qdisc replace dev ${device} parent 1: handle 10: tbf`,
      `rate ${Math.round(rate * 1e6)}bit burst ${burst} limit ${limit}`,
    ].join(' '),
  ];
}

/** netem has one model at a time: chance besides bursts is chance within the good times. */
function lossWords({ lossPercent, burstLoss }: DirectionOptions): string[] {
  if (burstLoss === 'none') return lossPercent > 0 ? [`loss random ${lossPercent}%`] : [];
  const { goodPackets, badPackets } = burstLoss;
  return [`loss gemodel ${percent(1 / goodPackets)} ${percent(1 / badPackets)} 100% ${lossPercent}%`];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))}%`;
}
