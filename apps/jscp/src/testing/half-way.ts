import type { TransferProgress } from '@jetstream/core';

/** A copy of 100 bytes that is half done. */
export const HALF_WAY: TransferProgress = {
  state: 'transferring',
  waitsFor: '',
  limiter: undefined,
  totalsFinal: true,
  totalBytes: 100,
  totalFiles: 1,
  ackedBytes: 50,
  durableBytes: 0,
  presentBytes: 0,
  filesDone: 0,
  filesFailed: 0,
  rateBitsPerSecond: 1000,
  etaSeconds: 1,
  ratePolicy: undefined,
  rttMs: 1,
  lossShare: 0,
  traffic: {
    bytesSent: 0,
    bytesReceived: 0,
    packetsSent: 0,
    packetsReceived: 0,
    contentBytesSent: 0,
    contentBytesResent: 0,
  },
  elapsedMs: 0,
  currentFile: 'f',
};
