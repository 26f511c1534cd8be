import type { TransferProgress } from '../contract.ts';
import { NO_TRAFFIC } from './connection-traffic.ts';

/** How each attempt begins. */
export const NOTHING_DONE = {
  state: 'transferring',
  waitsFor: '',
  limiter: undefined,
  totalsFinal: false,
  totalBytes: 0,
  totalFiles: 0,
  ackedBytes: 0,
  durableBytes: 0,
  presentBytes: 0,
  filesDone: 0,
  filesFailed: 0,
  rateBitsPerSecond: 0,
  etaSeconds: undefined,
  currentFile: undefined,
} as const satisfies Partial<TransferProgress>;

/** How a transfer begins. */
export const NO_PROGRESS: Readonly<TransferProgress> = {
  ...NOTHING_DONE,
  ratePolicy: undefined,
  rttMs: 0,
  lossShare: 0,
  traffic: NO_TRAFFIC,
  elapsedMs: 0,
};
