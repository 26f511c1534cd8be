import { resolve } from 'node:path';
import { SYSTEM_ROOT } from '@jetstream/manifest';
import { Direction } from '@jetstream/protocol';
import type { BlockMemory } from '../block-memory.ts';
import { ContentSender } from '../content/content-sender.ts';
import { checkReceivingOptions, encodeReceiving } from '../content/receiving-options.ts';
import type { SourceList } from '../content/source-list.ts';
import type { TransferRate } from '../content/transfer-handle.ts';
import type { UploadOptions } from '../contract.ts';
import type { ScanRequest } from '../storage/storage-operations.ts';
import type { BeginAttempt } from './client-transfer.ts';
import { checkPathLengths } from './path-lengths.ts';
import type { SessionRates } from './session-rates.ts';
import { readTransferId } from './transfer-id.ts';

/** What is sent, and by whose rights it is read. */
export interface UploadSource extends ScanRequest {
  /** Begins anew with each attempt. Default: all that the mappings lead to. */
  list?: () => SourceList;
}

/** Local paths, by the rights of the process. */
export function localSource({ mappings, symlinks = 'follow' }: UploadOptions): UploadSource {
  return {
    actAs: undefined,
    sandbox: SYSTEM_ROOT,
    mappings: mappings.map(({ source, target }) => ({ source: resolve(source), target })),
    symlinks,
  };
}

/**
 * Begins to send at once: neither the server's answer to the transfer nor, if need be, that to the login is waited for.
 * @throws JetStreamError `name-invalid`, `invalid-argument`
 */
export function beginUpload(
  options: Omit<UploadOptions, 'mappings'>,
  { list, ...source }: UploadSource,
  memory: BlockMemory,
): BeginAttempt {
  const { destinationPath = '', verify = false, preserve = false, transferId } = options;
  checkPathLengths([destinationPath, ...source.mappings.map(({ target }) => target)]);
  const id = readTransferId(transferId);
  const receiving = encodeReceiving(checkReceivingOptions(options));
  return (attempt) => {
    const { port, storage } = attempt;
    port.send({
      $case: 'open',
      value: {
        direction: Direction.UPLOAD,
        destinationPath,
        sourcePaths: [],
        followSymlinks: source.symlinks === 'follow',
        receiving,
        verify,
        preserve,
        transferId: id,
      },
    });
    const observer = attempt.observer((outcome) => outcome);
    const content = new ContentSender(port, storage, memory, observer, list?.());
    attempt.begin(content, storage.call('openReader', { ...source, verify, preserve }));
  };
}

export function uploadRate(rates: SessionRates): TransferRate {
  return { inForce: () => rates.ours, set: async (asked) => rates.setOurs(asked) };
}
