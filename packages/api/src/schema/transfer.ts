import * as z from 'zod';
import { symlinkMode } from './manifest.ts';
import { ownerFields } from './owner.ts';
import { count, destinationId, errorCode, manifestId, timeUs, transferId } from './scalars.ts';
import { userData } from './user-data.ts';

/** `blocks…` counts are of blocks of this many bytes. */
export const BLOCK_BYTES = 256;
export const DEFAULT_PRIORITY = 100;

/** What becomes of a file that stands at a target; the index is the number on the wire. */
export const OVERWRITE_MODES = [
  'in-place-never',
  'in-place-always',
  'in-place-same-size',
  'partfile-never',
  'partfile-always',
  'partfile-backup',
] as const;
export const OVERWRITE_ALWAYS = 4;

export const overwriteMode = z
  .int()
  .min(0)
  .max(OVERWRITE_MODES.length - 1)
  .describe(
    'What becomes of a file at a target. Written in place: 0 never over a file, 1 always, 2 over one of the same size or of none. ' +
      'Written beside it and renamed when whole: 3 never over a file, 4 always, 5 always, the old one is kept with .jetbak.',
  );
export const skipRule = z.enum(['by-status', 'by-digest', 'nothing']);
export const transferStatus = z.enum([
  'pending',
  'inProgress',
  'complete',
  'error',
  'suspended',
  'cancelled',
]);

export const transfer = z
  .object({
    transferId,
    manifestId,
    destinationId,
    destinationPath: z.string().describe('Parent of all files at the receiver.'),
    blockSize: count.describe('Bytes of a block: 256.'),
    blocksSent: count.describe('Blocks sent, repetitions included.'),
    blocksAcked: count.describe('Blocks that the receiver has.'),
    blocksRetransmitted: count.describe('Blocks sent once more.'),
    totalBlocks: count.nullable().describe('Blocks of the whole content; null while not known.'),
    bytesSent: count.describe('Bytes of UDP payload sent.'),
    bytesRecv: count.describe('Bytes of UDP payload that came in.'),
    totalBytes: count.nullable().describe('Bytes of the whole content; null while not known.'),
    packetsSent: count.describe('UDP packets sent.'),
    packetsRecv: count.describe('UDP packets that came in.'),
    checkpointFrequencySeconds: z
      .number()
      .nullable()
      .describe('How often the receiver notes what is safe on its disk, s; null: never.'),
    priority: z.int().describe('Lower goes first.'),
    requestTime: timeUs.describe('When it was asked for, µs.'),
    queueTime: timeUs.nullable().describe('When it was last put in the queue, µs.'),
    startTime: timeUs.nullable().describe('When sending first began, µs.'),
    endTime: timeUs.nullable().describe('When it ended, µs.'),
    snapshotTime: timeUs.describe('When these counts were taken, µs.'),
    status: transferStatus.describe('How it stands.'),
    processing: z.boolean().describe('Whether it is pending or in progress.'),
    errorMessage: z.string().nullable().describe('Why it failed, or what it waits for to be tried again.'),
    ...ownerFields,
    overwriteMode,
    symlinkMode: symlinkMode.describe('That of the manifest.'),
    skipRule: skipRule.describe('When a file at a target counts as there already, so that it is not sent.'),
    verify: z.boolean().describe('Compares by digests and writes nothing.'),
    preserve: z.boolean().describe('Keeps full modes, and owners where that is allowed.'),
    readBack: z
      .boolean()
      .describe('Reads each file from the receiver’s disk once more before it gets its name.'),
    attempts: count.describe('How often sending was begun.'),
    nextAttemptTime: timeUs.nullable().describe('When it is tried again, µs; null while not waiting.'),
    errorCode: errorCode.nullable().describe('Code of that error.'),
    filesDone: count.describe('Files that are in place at the receiver.'),
    filesSkipped: count.describe(
      'Of filesDone, what was at the receiver before the transfer; 0 until it has ended.',
    ),
    filesFailed: count.describe('Files that failed.'),
    totalFiles: count.nullable().describe('Files and empty directories; null while not known.'),
    bytesPresent: count.describe(
      'Bytes of content that were at the receiver before the transfer, and were not sent.',
    ),
    bytesDurable: count.describe('Bytes of content that are safe on the receiver’s disk.'),
    rate: z
      .number()
      .describe('Content acknowledged, kbit/s, over about two seconds; 0 while not in progress.'),
    rtt: z.number().nullable().describe('Round trip, ms; null while not in progress.'),
    limiter: z.string().nullable().describe('What holds it, in words; null while nothing is known.'),
    failures: z
      .array(
        z.object({
          source: z.string().describe('Path at the sender.'),
          target: z.string().describe('Path beneath destinationPath at the receiver.'),
          errorCode,
          errorMessage: z.string().describe('What went wrong, in one line.'),
        }),
      )
      .describe('Files that failed, the first 100.'),
    userData,
  })
  .meta({ id: 'Transfer', description: 'A manifest on its way to a destination.' });

export type Transfer = z.output<typeof transfer>;
export type TransferStatus = z.output<typeof transferStatus>;
