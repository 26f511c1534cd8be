import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { escapeName } from '@jetstream/manifest';
import {
  Direction,
  errorCodeToWire,
  JetStreamError,
  MAX_PATH_BYTES,
  type TransferMessage,
} from '@jetstream/protocol';
import type { Limiter } from '@jetstream/transport';
import type { BlockMemory } from '../block-memory.ts';
import { ContentReceiver } from '../content/content-receiver.ts';
import { ContentSender } from '../content/content-sender.ts';
import { asJetStreamError } from '../content/failure.ts';
import { TransferHandle, type TransferRate } from '../content/transfer-handle.ts';
import type { TransferTotals } from '../content/transfer-totals.ts';
import type { DownloadOptions, FileMapping, FileOutcome, LimiterName, UploadOptions } from '../contract.ts';
import { toRatePolicy } from '../rate-policy-options.ts';
import type { Session, TransferHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { StorageWorkers } from '../storage/storage-workers.ts';
import type { SessionRates } from './session-rates.ts';

/**
 * Begins to send at once: neither the server's answer to the transfer nor, if need be, that to the login is waited for.
 */
export function startUpload(
  session: Session,
  workers: StorageWorkers,
  memory: BlockMemory,
  rates: SessionRates,
  id: number,
  options: UploadOptions,
): TransferHandle {
  const policy = options.ratePolicy && toRatePolicy(options.ratePolicy);
  checkPaths([options.destinationPath ?? '', ...options.mappings.map(({ target }) => target)]);
  const storage = workers.take();
  const transfer = new ClientTransfer(session, storage, id, {
    inForce: () => rates.ours,
    set: async (asked) => rates.setOurs(asked),
  });
  if (policy !== undefined) rates.setOurs(policy);
  const mappings = options.mappings.map(({ source, target }) => ({ source: resolve(source), target }));
  const symlinks = options.symlinks ?? 'follow';
  transfer.port.send({
    $case: 'open',
    value: {
      direction: Direction.UPLOAD,
      destinationPath: options.destinationPath ?? '',
      sourcePaths: [],
      recursive: true,
      followSymlinks: symlinks === 'follow',
      receiving: undefined,
      verify: false,
      preserve: false,
    },
  });
  const content = new ContentSender(
    transfer.port,
    storage,
    memory,
    transfer.observer((outcome) => outcome),
  );
  transfer.begin(
    content,
    storage.call('openReader', {
      actAs: undefined,
      sandboxRoot: undefined,
      fixedComponents: undefined,
      mappings,
      symlinks,
    }),
  );
  return transfer.handle;
}

/** Each mapping's target is a local path, where its source comes to stand. */
export function startDownload(
  session: Session,
  workers: StorageWorkers,
  rates: SessionRates,
  id: number,
  options: DownloadOptions,
): TransferHandle {
  const policy = options.ratePolicy && toRatePolicy(options.ratePolicy);
  const { mappings } = options;
  checkPaths(mappings.map(({ source }) => source));
  const storage = workers.take();
  const transfer = new ClientTransfer(session, storage, id, {
    inForce: () => rates.servers,
    set: async (asked) => void (await rates.askServer(asked)),
  });
  // Should the session end before the answer, the transfer says so.
  if (policy !== undefined) rates.askServer(policy).catch(() => undefined);
  const localTargets = mappings.map(({ target }) => resolve(options.destinationPath ?? '', target));
  transfer.port.send({
    $case: 'open',
    value: {
      direction: Direction.DOWNLOAD,
      destinationPath: '',
      sourcePaths: mappings.map(({ source }) => source),
      recursive: true,
      followSymlinks: options.symlinks !== 'ignore',
      receiving: undefined,
      verify: false,
      preserve: false,
    },
  });
  const named = (outcome: FileOutcome) => ({
    ...outcome,
    source: sourceOf(outcome.target, mappings, localTargets),
  });
  const content = new ContentReceiver(transfer.port, storage, transfer.observer(named));
  const transferId = randomBytes(8).toString('hex');
  transfer.begin(
    content,
    storage.call('openWriter', { actAs: undefined, rule: 'mappings', transferId, localTargets }),
  );
  return transfer.handle;
}

/** What the wire does not carry is refused here, by name, rather than by the server as a breach of the protocol. */
function checkPaths(paths: readonly string[]): void {
  const tooLong = paths.find((path) => Buffer.byteLength(path) > MAX_PATH_BYTES);
  if (tooLong === undefined) return;
  const shown = escapeName(tooLong.slice(0, 60));
  throw new JetStreamError(
    'name-invalid',
    `${shown}… is longer than ${MAX_PATH_BYTES} bytes; copy into a shorter path`,
    {
      subject: tooLong,
    },
  );
}

/** A local path beneath one of the targets, as a path at the server. */
function sourceOf(target: string, mappings: readonly FileMapping[], localTargets: readonly string[]): string {
  const local = target.startsWith('/') ? target : `/${target}`;
  const at = localTargets.findIndex((root) => local === root || local.startsWith(`${root}/`));
  return at === -1 ? target : `${mappings[at]!.source}${local.slice(localTargets[at]!.length)}`;
}

type Content = TransferHandler & { start?(): void };

/** One transfer at the client: its worker, its place in the session, and what the application sees of it. */
class ClientTransfer implements TransferHandler {
  readonly handle: TransferHandle;
  readonly port: TransferPort;
  readonly #storage: StorageHost;
  #content: Content | undefined;
  #over = false;

  constructor(session: Session, storage: StorageHost, id: number, rate: TransferRate) {
    const { connection } = session;
    this.#storage = storage;
    this.handle = new TransferHandle(
      () => connection.stats,
      () => this.onClosed(new JetStreamError('cancelled', 'the copy was stopped on request')),
      rate,
    );
    this.port = session.addTransfer(id, this);
  }

  begin(content: Content, opened: Promise<void>): void {
    this.#content = content;
    opened.then(
      () => this.#over || content.start?.(),
      (error) => this.onClosed(asJetStreamError(error)),
    );
  }

  observer(describe: (outcome: FileOutcome) => FileOutcome) {
    const { handle } = this;
    const { progress } = handle;
    const onReceived = (writtenBytes: number, durableBytes: number) => {
      progress.ackedBytes = writtenBytes;
      progress.durableBytes = durableBytes;
    };
    return {
      onTotals: (totals: TransferTotals) => handle.setTotals(totals),
      onFileBegun: (source: string) => {
        progress.currentFile = source;
      },
      onFile: (outcome: FileOutcome) => handle.fileDone(outcome.target === '' ? outcome : describe(outcome)),
      onLimiter: (limiter: LimiterName | undefined) => {
        progress.limiter = limiter;
      },
      onProgress: onReceived,
      onComplete: () => this.#end(undefined),
      onFailed: (error: JetStreamError) => this.#end(error),
    };
  }

  onMessage(message: TransferMessage): void | Promise<void> {
    return message.body?.$case === 'accepted' ? undefined : this.#content?.onMessage(message);
  }

  onBlockWanted(): void {
    this.#content?.onBlockWanted?.();
  }

  onLimiter(limiter: Limiter): void {
    this.#content?.onLimiter?.(limiter);
  }

  onBlockAcked(block: number): void {
    this.#content?.onBlockAcked?.(block);
  }

  onBlockReceived(block: number, bytes: Uint8Array): void {
    this.#content?.onBlockReceived?.(block, bytes);
  }

  onClosed(error: JetStreamError): void {
    this.#content?.onClosed(error);
    this.#end(error);
  }

  #end(error: JetStreamError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (error !== undefined) {
      const { code, message, subject = '' } = error;
      this.port.send({ $case: 'failed', value: { errorCode: errorCodeToWire(code), message, subject } });
    }
    this.port.close();
    const closed = this.#storage.close();
    // A copy that failed is over when its partial files are gone; of one that is complete nothing is left to do.
    if (error === undefined) this.handle.complete();
    else void closed.then(() => this.handle.fail(error));
  }
}
