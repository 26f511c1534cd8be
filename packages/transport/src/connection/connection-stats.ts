import { FLOAT_ZERO } from '@jetstream/protocol';
import type { ConnectionStats } from '../contract.ts';
import type { EstablishedSession } from './established-session.ts';

/** Statistics of a connection that is not established yet. */
export function newConnectionStats(): ConnectionStats {
  return {
    smoothedRttUs: FLOAT_ZERO,
    minRttUs: FLOAT_ZERO,
    latestRttUs: FLOAT_ZERO,
    bytesSent: FLOAT_ZERO,
    bytesReceived: FLOAT_ZERO,
    packetsSent: 0,
    packetsReceived: 0,
    packetsLost: 0,
    packetsSpuriouslyLost: 0,
    ecnState: 'off',
    packetsMarked: 0,
    bulkBytesSent: FLOAT_ZERO,
    bulkBytesResent: 0,
    bulkBytesAcked: FLOAT_ZERO,
    bytesInFlight: 0,
    windowBytes: FLOAT_ZERO,
    pacingRate: FLOAT_ZERO,
    deliveryRate: FLOAT_ZERO,
    datagramBytes: 0,
    limiter: 'none',
    ratePolicy: 'fair',
    controllerPhase: '',
    forgedPackets: 0,
  };
}

/** Writes the state of `session` into `stats`. */
export function fillConnectionStats(stats: ConnectionStats, session: EstablishedSession): void {
  const { recovery, counters, keys, limiter } = session.parts;
  const { rtt, loss, controller, pacer } = recovery;
  Object.assign(stats, counters);
  stats.smoothedRttUs = rtt.smoothedUs;
  stats.minRttUs = rtt.minUs;
  stats.latestRttUs = rtt.latestUs;
  stats.packetsLost = loss.packetsLost;
  stats.packetsSpuriouslyLost = loss.packetsSpuriouslyLost;
  stats.ecnState = loss.ecn.state;
  stats.packetsMarked = loss.ecn.ceCount;
  stats.bulkBytesAcked = session.router.bulkBytesAcked;
  stats.bytesInFlight = loss.bytesInFlight;
  stats.windowBytes = controller.windowBytes;
  stats.pacingRate = pacer.rate;
  stats.deliveryRate = loss.deliveryRate;
  stats.datagramBytes = recovery.datagramBytes;
  stats.limiter = limiter.meter.latest;
  stats.ratePolicy = controller.policyName;
  stats.controllerPhase = controller.phase;
  stats.forgedPackets = keys.protection.forgedPackets;
}
