import { ArrivalRuns, FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample, LossSample } from './controller.ts';

/** An empty sample, to be filled for each ACK. */
export function newAckSample(): AckSample {
  return {
    nowUs: FLOAT_ZERO,
    ackedBytes: FLOAT_ZERO,
    lostBytes: FLOAT_ZERO,
    bytesInFlight: 0,
    priorBytesInFlight: 0,
    rttUs: FLOAT_ZERO,
    arrivalUs: FLOAT_ZERO,
    arrivals: new ArrivalRuns(),
    ackedPackets: 0,
    ackDelayUs: FLOAT_ZERO,
    meanAckUs: FLOAT_ZERO,
    smoothedRttUs: FLOAT_ZERO,
    minRttUs: FLOAT_ZERO,
    largestAcked: 0,
    deliveredBytes: FLOAT_ZERO,
    deliveryRate: FLOAT_ZERO,
    priorDeliveredBytes: FLOAT_ZERO,
    applicationLimited: false,
    transmitBytesInFlight: 0,
    lostSinceTransmitBytes: FLOAT_ZERO,
    ecnCeCount: 0,
  };
}

/** An empty sample, to be filled for each packet lost. */
export function newLossSample(): LossSample {
  return {
    nowUs: FLOAT_ZERO,
    packetNumber: 0,
    packetBytes: 0,
    bytesInFlight: 0,
    sentUs: FLOAT_ZERO,
    transmitBytesInFlight: 0,
    lostSinceTransmitBytes: FLOAT_ZERO,
    deliveredBytes: FLOAT_ZERO,
    smoothedRttUs: FLOAT_ZERO,
    minRttUs: FLOAT_ZERO,
  };
}
