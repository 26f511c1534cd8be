import { ArrivalRuns } from '@jetstream/protocol';
import type { AckSample, LossSample } from './controller.ts';

/** An empty sample, to be filled for each ACK. */
export function newAckSample(): AckSample {
  return {
    nowUs: 0,
    ackedBytes: 0,
    lostBytes: 0,
    bytesInFlight: 0,
    priorBytesInFlight: 0,
    rttUs: 0,
    arrivalUs: 0,
    arrivals: new ArrivalRuns(),
    ackedPackets: 0,
    ackDelayUs: 0,
    meanAckUs: 0,
    smoothedRttUs: 0,
    minRttUs: 0,
    largestAcked: 0,
    deliveredBytes: 0,
    deliveryRate: 0,
    priorDeliveredBytes: 0,
    applicationLimited: false,
    transmitBytesInFlight: 0,
    lostSinceTransmitBytes: 0,
    ecnCeCount: 0,
  };
}

/** An empty sample, to be filled for each packet lost. */
export function newLossSample(): LossSample {
  return {
    nowUs: 0,
    packetNumber: 0,
    packetBytes: 0,
    bytesInFlight: 0,
    sentUs: 0,
    transmitBytesInFlight: 0,
    lostSinceTransmitBytes: 0,
    deliveredBytes: 0,
    smoothedRttUs: 0,
    minRttUs: 0,
  };
}
