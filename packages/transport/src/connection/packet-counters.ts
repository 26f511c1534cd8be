/** Totals of a connection since it was established. */
export class PacketCounters {
  bytesSent = 0;
  bytesReceived = 0;
  packetsSent = 0;
  packetsReceived = 0;
  /** DATA payload bytes sent for the first time, and again. */
  bulkBytesSent = 0;
  bulkBytesResent = 0;
}
