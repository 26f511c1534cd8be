import { resolve } from 'node:path';
import { Direction, JetStreamError } from '@jetstream/protocol';
import { ContentReceiver } from '../content/content-receiver.ts';
import { TransferHandle } from '../content/transfer-handle.ts';
import type { DownloadOptions } from '../contract.ts';
import type { TransferHandler } from '../session/session.ts';
import { StorageHost } from '../storage/storage-host.ts';
import type { AnsweredConnection } from './connect.ts';

/** Opens a download; each mapping's target is a local path, where the mapping's source comes to stand. */
export function startDownload({ session }: AnsweredConnection, id: number, options: DownloadOptions): TransferHandle {
  const storage = new StorageHost({ actAs: undefined });
  const { connection } = session;
  const handle = new TransferHandle(
    () => connection.stats(),
    () => receiver.onClosed(new JetStreamError('cancelled', 'the copy was stopped on request')),
  );
  const { progress } = handle;
  const relay: TransferHandler = {
    onMessage: (message) => (message.body?.$case === 'accepted' ? undefined : receiver.onMessage(message)),
    onBlockReceived: (block, bytes) => receiver.onBlockReceived(block, bytes),
    onClosed: (error) => receiver.onClosed(error),
  };
  const port = session.addTransfer(id, relay);
  const end = async () => {
    port.close();
    await storage.close();
  };
  const sourceOf = (targetPath: string) => {
    const slash = targetPath.indexOf('/');
    const mapping = options.mappings[Number(slash === -1 ? targetPath : targetPath.slice(0, slash))];
    const rest = slash === -1 ? '' : targetPath.slice(slash);
    return { source: `${mapping?.source ?? ''}${rest}`, target: `${mapping?.target ?? ''}${rest}` };
  };
  const receiver = new ContentReceiver(port, storage, {
    onTotals: (totals) => {
      progress.totalFiles = totals.files;
      progress.totalBytes = totals.bytes;
      progress.totalsFinal = totals.final;
    },
    onDirectory: () => handle.directoryDone(),
    onFile: (outcome) => {
      const file = { ...outcome, ...sourceOf(outcome.target) };
      progress.currentFile = file.source;
      handle.fileDone(file);
    },
    onProgress: (writtenBytes, durableBytes) => {
      progress.ackedBytes = writtenBytes;
      progress.durableBytes = durableBytes;
    },
    onComplete: () => void end().then(() => handle.complete(progress.durableBytes)),
    onFailed: (error) => void end().then(() => handle.fail(error)),
  });
  storage
    .call('openWriter', {
      rule: 'mappings',
      transferId: String(id),
      localTargets: options.mappings.map(({ target }) => resolve(options.destinationPath ?? '', target)),
    })
    .then(
      () => {
        receiver.start();
        port.send({
          $case: 'open',
          value: {
            direction: Direction.DOWNLOAD,
            destinationPath: '',
            sourcePaths: options.mappings.map(({ source }) => source),
            recursive: true,
            followSymlinks: options.symlinks !== 'ignore',
          },
        });
      },
      (error) => receiver.onClosed(error),
    );
  return handle;
}
