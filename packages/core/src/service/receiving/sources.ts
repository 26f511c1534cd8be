import type { Source } from '@jetstream/api';
import type { Reception } from './reception.ts';
import type { ReceiveRecord } from './record.ts';

/** All that came from one sender: a server is known by its key, clients by their address. */
interface Sender {
  source: Source;
  lastStartTime: number;
  bytes: number;
  seconds: number;
}

/**
 * Who sends to this server, and has sent, as far as it is recorded.
 * @param receptionOf of a record that is received now
 */
export function sourcesOf(
  records: Iterable<ReceiveRecord>,
  receptionOf: (record: ReceiveRecord) => Reception | undefined,
): Source[] {
  const senders = new Map<string, Sender>();
  for (const record of records) {
    const id = JSON.stringify([record.sourcePublicKey ?? record.sourceIP, record.account]);
    const sender = senders.get(id) ?? newSender(record);
    senders.set(id, sender);
    addTo(sender, record, receptionOf(record));
  }
  return [...senders.values()].map(({ source, bytes, seconds }) => ({
    ...source,
    aveRecvRate: seconds > 0 ? (bytes * 8) / seconds / 1e3 : 0,
  }));
}

function newSender({ account, sourcePublicKey, sourceIP, sourcePort }: ReceiveRecord): Sender {
  return {
    source: {
      sourceIP,
      sourcePort,
      activeTransferCount: 0,
      inactiveTransferCount: 0,
      completeTransferCount: 0,
      errorTransferCount: 0,
      aveRecvRate: 0,
      aveRecvRateWindow: 0,
      destinationPublicKey: sourcePublicKey,
      encryptedConnectionState: 'disconnected',
      encryptionEnabled: true,
      account,
    },
    lastStartTime: 0,
    bytes: 0,
    seconds: 0,
  };
}

function addTo(sender: Sender, record: ReceiveRecord, reception: Reception | undefined): void {
  const { source } = sender;
  if (record.startTime >= sender.lastStartTime) {
    sender.lastStartTime = record.startTime;
    source.sourceIP = record.sourceIP;
    source.sourcePort = record.sourcePort;
  }
  if (record.status === 'complete') source.completeTransferCount++;
  else if (record.status === 'error') source.errorTransferCount++;
  else if (reception === undefined) source.inactiveTransferCount++;
  if (reception === undefined) return;
  if (record.status === 'receiving') source.activeTransferCount++;
  source.encryptedConnectionState = 'connected';
  source.aveRecvRateWindow += reception.recentRate();
  sender.bytes += record.bytesReceived;
  sender.seconds = Math.max(sender.seconds, reception.seconds());
}
