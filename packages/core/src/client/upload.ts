import { resolve } from 'node:path';
import type { UploadOptions } from '../contract.ts';
import { ContentSender } from '../content/content-sender.ts';
import { TransferHandle } from '../content/transfer-handle.ts';
import { Direction, JetStreamError } from '@jetstream/protocol';
import { StorageHost } from '../storage/storage-host.ts';
import type { TransferHandler } from '../session/session.ts';
import type { AnsweredConnection } from './connect.ts';

/** Opens an upload and sends at once: the server's answer is not waited for. */
export function startUpload({ session, memory }: AnsweredConnection, id: number, options: UploadOptions): TransferHandle {
  const storage = new StorageHost({ actAs: undefined });
  const { connection } = session;
  const handle = new TransferHandle(
    () => connection.stats(),
    () => sender.onClosed(new JetStreamError('cancelled', 'the copy was stopped on request')),
  );
  const { progress } = handle;
  const relay: TransferHandler = {
    onMessage: (message) => (message.body?.$case === 'accepted' ? undefined : sender.onMessage(message)),
    onBlockWanted: () => sender.onBlockWanted(),
    onBlockAcked: (block) => sender.onBlockAcked(block),
    onClosed: (error) => sender.onClosed(error),
  };
  const port = session.addTransfer(id, relay);
  const end = async () => {
    port.close();
    await storage.close();
  };
  const sender = new ContentSender(port, storage, memory, {
    onTotals: (totals) => {
      progress.totalFiles = totals.files;
      progress.totalBytes = totals.bytes;
      progress.totalsFinal = totals.final;
    },
    onFileBegun: (source) => {
      progress.currentFile = source;
    },
    onDirectory: () => handle.directoryDone(),
    onFile: (outcome) => handle.fileDone(outcome),
    onReceiverProgress: (writtenBytes, durableBytes) => {
      progress.ackedBytes = Math.max(progress.ackedBytes, writtenBytes);
      progress.durableBytes = durableBytes;
    },
    onComplete: () => void end().then(() => handle.complete(progress.durableBytes)),
    onFailed: (error) => void end().then(() => handle.fail(error)),
  });
  port.send({
    $case: 'open',
    value: {
      direction: Direction.UPLOAD,
      destinationPath: options.destinationPath ?? '',
      sourcePaths: [],
      recursive: true,
      followSymlinks: options.symlinks !== 'ignore',
    },
  });
  storage
    .call('openReader', {
      sandboxRoot: undefined,
      mappings: options.mappings.map(({ source, target }) => ({ source: resolve(source), target })),
      symlinks: options.symlinks ?? 'follow',
    })
    .then(
      () => sender.start(),
      (error) => sender.onClosed(error),
    );
  return handle;
}
