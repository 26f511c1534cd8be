import { isIPv6 } from 'node:net';
import type { Destination, Transfer } from '@jetstream/api';
import type { ReceiveRecord } from '../receiving/record.ts';

/** Nothing that somebody else wrote is to be taken for an option. */
function message(text: string | null): string {
  return (text ?? '').replace(/^[-\s]+/, '');
}

/** `address:port`, IPv6 in brackets. */
export function endpoint(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Of `send.destinationCreated` and `send.destinationDeleted`: 1 destination, 2 sender (port 0: any that is free). */
export function destinationArguments(
  destination: Pick<Destination, 'destinationAddress' | 'destinationIP' | 'destinationPort' | 'sourcePort'>,
  ownAddress: string,
): string[] {
  const { destinationAddress, destinationIP, destinationPort, sourcePort } = destination;
  return [endpoint(destinationIP ?? destinationAddress, destinationPort), endpoint(ownAddress, sourcePort)];
}

/** Of `recv.transferComplete` and `recv.transferError`: the last two of the latter alone. */
export function receptionArguments(record: ReceiveRecord): string[] {
  const { transferId, account, localPath, totalFiles, totalSize, sourceIP, sourcePort } = record;
  return [
    transferId,
    account,
    localPath,
    String(totalFiles ?? 0),
    String(totalSize ?? 0),
    endpoint(sourceIP, sourcePort),
    ...(record.status === 'error' ? [record.errorCode ?? 'none', message(record.errorMessage)] : []),
  ];
}

/** Of `send.transferComplete` and `send.transferError`, in the same order; the path is that of the far side. */
export function sentArguments(
  transfer: Pick<
    Transfer,
    | 'transferId'
    | 'owner'
    | 'destinationPath'
    | 'totalFiles'
    | 'totalBytes'
    | 'status'
    | 'errorCode'
    | 'errorMessage'
  >,
  destination: { destinationAddress: string; destinationPort: number } | undefined,
): string[] {
  const { transferId, owner, destinationPath, totalFiles, totalBytes } = transfer;
  return [
    transferId,
    owner ?? '',
    // Not to be taken for an option.
    `/${destinationPath.replace(/^\/+/, '')}`,
    String(totalFiles ?? 0),
    String(totalBytes ?? 0),
    destination === undefined ? '' : endpoint(destination.destinationAddress, destination.destinationPort),
    ...(transfer.status === 'error' ? [transfer.errorCode ?? 'none', message(transfer.errorMessage)] : []),
  ];
}
