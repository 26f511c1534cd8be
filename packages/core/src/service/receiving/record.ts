import type { ReceiveTransfer } from '@jetstream/api';

/** A transfer that this server receives or has received, as it is stored. Times are µs since the Unix epoch, of one clock. */
export interface ReceiveRecord extends ReceiveTransfer {
  /** Static key of the sender, hex. */
  senderKey: string;
  /** The sender gave the id, and may come again by it. */
  isNamed: boolean;
  /** Directory on this machine that the destination path stands for. */
  localPath: string;
}

/** Of who sends: two senders may give the same id, and mean different transfers. */
export function recordKey({
  senderKey,
  account,
  transferId,
}: Pick<ReceiveRecord, 'senderKey' | 'account' | 'transferId'>): string {
  return `${senderKey}:${transferId}:${account}`;
}

/** As the API shows it. */
export function describeReception(record: ReceiveRecord): ReceiveTransfer {
  const { senderKey: _key, isNamed: _named, localPath: _path, ...shown } = record;
  return shown;
}

/** @returns undefined for what is none */
export function asReceiveRecord(stored: unknown): ReceiveRecord | undefined {
  const record = stored as ReceiveRecord;
  const isRecord =
    typeof record?.transferId === 'string' &&
    typeof record.account === 'string' &&
    typeof record.senderKey === 'string' &&
    typeof record.startTime === 'number' &&
    ['receiving', 'complete', 'error'].includes(record.status);
  return isRecord ? record : undefined;
}
