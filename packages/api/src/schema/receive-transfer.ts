import * as z from 'zod';
import { encryptedConnectionState } from './connection.ts';
import { count, errorCode, errorMessage, sourceIP, timeUs } from './scalars.ts';

export const receiveTransferStatus = z.enum(['receiving', 'complete', 'error']);

export const receiveTransfer = z
  .object({
    transferId: z.string().describe('As its sender named it.'),
    status: receiveTransferStatus.describe('How it stands.'),
    destinationPath: z.string().describe('Parent of all its files, as its sender asked.'),
    sourceIP,
    sourcePort: z.int().describe('UDP port of the sender.'),
    totalSize: count.nullable().describe('Bytes; null while not known.'),
    lastRecvTime: timeUs.nullable().describe('When content last came in, µs.'),
    lastSendTime: timeUs.nullable().describe('When the sender was last answered, µs.'),
    lastErrorTime: timeUs.nullable().describe('Last interruption, µs; not in itself a failure.'),
    account: z.string().describe('Account that it is written as.'),
    sourcePublicKey: z
      .string()
      .nullable()
      .describe('Host key of the sending server, base64; null for a client.'),
    sourceServerUid: z.string().nullable().describe('serverUid of the sending server; null for a client.'),
    bytesReceived: count.describe('Bytes of content.'),
    totalFiles: count.nullable().describe('Null while not known.'),
    filesDone: count.describe('Files that are in place.'),
    filesFailed: count.describe('Files that failed.'),
    startTime: timeUs.describe('µs.'),
    endTime: timeUs.nullable().describe('µs.'),
    errorCode: errorCode.nullable(),
    errorMessage: errorMessage.nullable(),
  })
  .meta({ id: 'ReceiveTransfer', description: 'A transfer as its receiver sees it.' });

export type ReceiveTransfer = z.output<typeof receiveTransfer>;

export const source = z
  .object({
    sourceIP,
    sourcePort: z.int().describe('UDP port of the sender.'),
    activeTransferCount: count.describe('Transfers that receive.'),
    inactiveTransferCount: count.describe('Transfers that are interrupted.'),
    completeTransferCount: count.describe('Transfers that were received in full.'),
    errorTransferCount: count.describe('Transfers that failed.'),
    aveRecvRate: z.number().describe('Content received since the sender connected, kbit/s.'),
    aveRecvRateWindow: z.number().describe('Content received over the last seconds, kbit/s.'),
    destinationPublicKey: z
      .string()
      .nullable()
      .describe('Host key of the sender, base64; null for a client.'),
    encryptedConnectionState: encryptedConnectionState.describe('State of the encrypted link.'),
    encryptionEnabled: z.boolean().describe('Always true.'),
    account: z.string().describe('Account that the sender is logged in as.'),
  })
  .meta({ id: 'Source', description: 'Somebody who sends to this server.' });

export type Source = z.output<typeof source>;
