import { FLOAT_ZERO } from '@jetstream/protocol';
/** Totals of a connection since it was established. */
export class PacketCounters {
  bytesSent = FLOAT_ZERO;
  bytesReceived = FLOAT_ZERO;
  packetsSent = 0;
  packetsReceived = 0;
  /** DATA payload bytes sent for the first time, and again. */
  bulkBytesSent = FLOAT_ZERO;
  bulkBytesResent = 0;
}
