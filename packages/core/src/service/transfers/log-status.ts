import { escapeName } from '@jetstream/manifest';
import type { Logger } from '../../logging.ts';
import type { TransferRecord } from './record.ts';

/** What whoever runs the server reads of the transfers that it sends. */
export function logStatus(logger: Logger, record: TransferRecord): void {
  const { transferId, owner, destinationId, status, attempts, errorCode, errorMessage, reach } = record;
  const { filesDone, filesFailed, totalBytes } = reach;
  const counts = { filesDone, filesFailed, totalBytes };
  const line = { transferId, owner, destinationId, status, attempts };
  if (errorCode === null) logger.info({ ...line, ...counts }, 'transfer of this server');
  else {
    const why = escapeName(errorMessage ?? '');
    logger.warn({ ...line, ...counts, code: errorCode, why }, 'transfer of this server');
  }
}
