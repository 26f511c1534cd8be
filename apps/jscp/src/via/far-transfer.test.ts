import { describe, expect, it } from 'vitest';
import { readFarTransfer, summaryOf } from './far-transfer.ts';

const TRANSFER = {
  ...{ status: 'inProgress', attempts: 1, errorCode: null, errorMessage: null, failures: [] },
  ...{ requestTime: 1_000_000, endTime: null, snapshotTime: 3_500_000, totalBytes: 1_000, blocksAcked: 2 },
  ...{
    blocksSent: 4,
    blocksRetransmitted: 1,
    bytesDurable: 256,
    bytesPresent: 10,
    totalFiles: 3,
    filesDone: 2,
  },
  ...{ filesSkipped: 1, filesFailed: 0, rate: 8, rtt: 20, limiter: 'network', bytesSent: 9, bytesRecv: 8 },
  ...{ packetsSent: 7, packetsRecv: 6 },
};

describe('a transfer of another server', () => {
  it('is shown as a copy of our own is', () => {
    expect(readFarTransfer(TRANSFER)).toMatchObject({
      status: 'inProgress',
      elapsedMs: 2_500,
      progress: {
        ...{
          state: 'transferring',
          waitsFor: 'network',
          totalsFinal: true,
          totalBytes: 1_000,
          totalFiles: 3,
        },
        ...{ ackedBytes: 512, durableBytes: 256, presentBytes: 10, filesDone: 2, filesFailed: 0 },
        ...{ rateBitsPerSecond: 8_000, etaSeconds: 0.488, rttMs: 20, lossShare: 0.25, elapsedMs: 2_500 },
        traffic: {
          ...{ bytesSent: 9, bytesReceived: 8, packetsSent: 7, packetsReceived: 6 },
          ...{ contentBytesSent: 768, contentBytesResent: 256 },
        },
      },
    });
  });

  it.each([
    [{ status: 'pending' }, 'connecting', 'its turn in the queue'],
    [
      { status: 'pending', errorCode: 'connection-lost', errorMessage: 'b fell silent' },
      'reconnecting',
      'b fell silent',
    ],
    [{ status: 'suspended' }, 'reconnecting', 'somebody to resume it'],
    [{ blocksAcked: 4 }, 'finishing', 'network'],
    [{ status: 'complete' }, 'complete', 'network'],
  ])('of %j is %s: %s', (fields, state, waitsFor) => {
    expect(readFarTransfer({ ...TRANSFER, ...fields }).progress).toMatchObject({ state, waitsFor });
  });

  it('is summed up at its end', () => {
    const ended = {
      status: 'complete',
      endTime: 2_000_000,
      blocksAcked: 4,
      bytesDurable: 1_000,
      filesDone: 3,
    };
    expect(summaryOf(readFarTransfer({ ...TRANSFER, ...ended }), 2)).toEqual({
      ...{ files: 3, skippedFiles: 1, directories: 2, bytes: 1_000, presentBytes: 10, failed: 0 },
      ...{ elapsedMs: 1_000, failures: [] },
    });
  });

  it('may hold anything, and nothing of it comes to the terminal or breaks what is shown', () => {
    expect(() => readFarTransfer(null)).toThrow(/cannot be read/);
    expect(() => readFarTransfer({ status: 'toString' })).toThrow(/cannot be read/);
    const hostile = readFarTransfer({
      ...{
        status: 'error',
        errorCode: 'no such code',
        errorMessage: 7,
        limiter: '\x1b[2J',
        totalBytes: 'many',
      },
      ...{ filesDone: -1, rate: Number.NaN, rtt: Infinity, failures: [null, { errorCode: '__proto__' }] },
    });
    expect(hostile).toMatchObject({ errorCode: 'internal', errorMessage: '' });
    expect(hostile.progress).toMatchObject({ waitsFor: '\\u001b[2J', totalBytes: 0, filesDone: 0, rttMs: 0 });
    expect(hostile.failures).toEqual(
      [1, 2].map(() => ({ source: '', target: '', bytes: 0, error: { code: 'internal', message: '' } })),
    );
    expect(readFarTransfer({ ...TRANSFER, failures: Array(5_000).fill(null) }).failures).toHaveLength(100);
  });
});
