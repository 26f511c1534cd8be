import { join } from 'node:path';
import { escapeName, resolveTarget, type SandboxRule } from '@jetstream/manifest';
import { Direction, JetStreamError, type OpenTransfer, type ReceivedBody } from '@jetstream/protocol';
import { ContentReceiver } from '../content/content-receiver.ts';
import { ContentSender } from '../content/content-sender.ts';
import { asJetStreamError, failureToWire } from '../content/failure.ts';
import { decodeReceiving } from '../content/receiving-options.ts';
import type { TransferTotals } from '../content/transfer-totals.ts';
import type { FileOutcome, TransferSummary } from '../contract.ts';
import type { RecordHolder } from '../resume/record-journal.ts';
import { actsAs } from '../service/account.ts';
import type { Reception } from '../service/receiving/reception.ts';
import type { ContentHandler, Session, TransferHandler, TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import type { ClientLogin, ServerConnectionContext } from './server-connection.ts';
import { LinkedFiles, transferRights } from './transfer-rights.ts';

/** Failures kept for the summary of one transfer. */
const MAX_FAILURES_KEPT = 1_000;

/** A peer that is asked for a sign of life gives none for so long, and two round trips: it has gone. */
const SILENCE_MS = 1_000;

type Content = ContentHandler & { start?(): void; stop(): void; end?(): Promise<void> };

/** What a transfer tells its connection. */
interface TransferLife {
  /** False: the connection has ended. */
  mayBegin(): Promise<boolean>;
  /** `direction` is known. */
  onBegun(): void;
  /** Called once; nothing of it is used any more. */
  onOver(): void;
}

/** One transfer at the server: waits for OpenTransfer, then receives or sends content as the account that logged in. */
export class ServerTransfer implements TransferHandler, RecordHolder {
  readonly #context: ServerConnectionContext;
  readonly #loggedIn: Promise<ClientLogin>;
  readonly #session: Session;
  readonly #port: TransferPort;
  readonly #refusing: () => boolean;
  readonly #life: TransferLife;
  readonly #startedMs = performance.now();
  readonly #summary: TransferSummary = {
    files: 0,
    skippedFiles: 0,
    directories: 0,
    bytes: 0,
    presentBytes: 0,
    failed: 0,
    elapsedMs: 0,
    failures: [],
  };
  /** Resolves when the storage worker has ended. */
  readonly ended: Promise<void>;
  #storage: StorageHost | undefined;
  #content: Content | undefined;
  #direction: 'upload' | 'download' = 'upload';
  #accountName = '';
  /** Of an upload that writes. */
  #reception: Reception | undefined;
  /** What else is to be done when all of it is sent. */
  #onComplete: (() => Promise<void>) | undefined;
  #over = false;
  #onEnded!: () => void;

  constructor(
    id: number,
    session: Session,
    loggedIn: Promise<ClientLogin>,
    context: ServerConnectionContext,
    refusing: () => boolean,
    life: TransferLife,
  ) {
    this.#context = context;
    this.#session = session;
    this.#loggedIn = loggedIn;
    this.#refusing = refusing;
    this.#life = life;
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
    this.#port = session.addTransfer(id, this);
  }

  /** It has a thread. One that still waits for the login, or to be opened, has none. */
  get isRunning(): boolean {
    return this.#storage !== undefined;
  }

  /** Of content; undefined before it begins. */
  get direction(): 'upload' | 'download' | undefined {
    return this.#content === undefined ? undefined : this.#direction;
  }

  get content(): Content | undefined {
    return this.#content;
  }

  onMessage(message: { body: ReceivedBody }): void | Promise<void> {
    if (this.#over) return;
    if (this.#content !== undefined) return this.#content.onMessage(message);
    if (message.body.$case !== 'open') {
      throw new JetStreamError('protocol-violation', 'a transfer begins with OpenTransfer');
    }
    return this.#open(message.body.value).catch((error) => this.#fail(error));
  }

  onClosed(error: JetStreamError): void {
    if (this.#content !== undefined) this.#content.onClosed(error);
    else void this.#end(error);
  }

  /** Ends the whole connection: nobody is there, whatever else runs on it. */
  async giveWay(): Promise<boolean> {
    if (!this.#over) {
      const { connection } = this.#session;
      const rttMs = (connection.stats?.smoothedRttUs ?? 0) / 1_000;
      if (await connection.answers(SILENCE_MS + 2 * rttMs)) return false;
      this.#session.close(
        'connection-lost',
        'nothing was heard, and another copy goes on with the same files',
      );
    }
    await this.ended;
    return true;
  }

  async #open(open: OpenTransfer): Promise<void> {
    const login = await this.#loggedIn;
    const { account, restrictions, peerKey } = login;
    if (this.#over) return;
    this.#accountName = account.name;
    const { path, sharedToken } = transferRights(restrictions, open);
    if (!(await this.#life.mayBegin()) || this.#over) return;
    if (this.#refusing()) {
      throw new JetStreamError('server-closing', 'the server is shutting down: try again later');
    }
    if (!this.#context.hasRoom(sharedToken)) {
      throw new JetStreamError(
        'limit-exceeded',
        'the server runs as many transfers as it may: try again later',
      );
    }
    const { name, uid } = account;
    const { sandboxes, logger, memory } = this.#context;
    this.#direction = open.direction === Direction.UPLOAD ? 'upload' : 'download';
    const sandbox = sandboxes.ruleFor(account, path);
    const actAs = actsAs(account);
    const storage = this.#context.storage.take();
    this.#storage = storage;
    logger.info(
      { account: name, direction: this.#direction, transfer: this.#port.transfer },
      'transfer begins',
    );
    if (open.direction === Direction.UPLOAD) {
      const { overwrite, skip, readBack, checkpointIntervalMs } = decodeReceiving(open.receiving);
      const { verify, preserve } = open;
      const journal = verify
        ? undefined
        : this.#context.state.journal(String(uid), this, (note) =>
            logger.info({ account: name, transfer: this.#port.transfer, note: escapeName(note) }, 'resume'),
          );
      if (!verify) {
        this.#reception = this.#context.receiving.begin({
          transferId: open.transferId,
          account: name,
          peerKey: login.peerKey,
          serverUid: login.server?.uid ?? null,
          from: this.#session.connection.remoteAddress,
          destinationPath: open.destinationPath,
          localPath: localDirectory(sandbox, open.destinationPath),
        });
      }
      this.#content = new ContentReceiver(this.#port, storage, this.#observer(), {
        verify,
        journal,
        checkpointIntervalMs,
      });
      await storage.call('openWriter', {
        actAs,
        rule: 'server',
        transferId: this.#context.state.newTransferId(),
        sandbox,
        destinationPath: open.destinationPath,
        overwrite,
        skip,
        readBack,
        verify,
        preserve,
        resumable: journal !== undefined,
      });
    } else if (sharedToken !== undefined) {
      await this.#openLink(sharedToken, open, peerKey);
    } else {
      const places = open.sourcePaths.map((targetPath) => resolveTarget({ sandbox, targetPath }));
      this.#content = new ContentSender(this.#port, storage, memory, this.#observer());
      await storage.call('openReader', {
        actAs,
        sandbox,
        mappings: places.map(({ components }, index) => ({
          source: `/${components.join('/')}`,
          target: String(index),
        })),
        symlinks: open.followSymlinks ? 'follow' : 'ignore',
        verify: open.verify,
        preserve: open.preserve,
      });
    }
    if (this.#over) return;
    this.#life.onBegun();
    this.#port.send({ $case: 'accepted', value: {} });
    this.#content?.start?.();
  }

  /** Counted once, however often it is interrupted: by the id that the client gives it, or for as long as the client lives. */
  async #openLink(
    token: string,
    { transferId, verify, preserve }: OpenTransfer,
    peerKey: Uint8Array,
  ): Promise<void> {
    const { sharedTokens, memory, logger } = this.#context;
    const client = Buffer.from(transferId.length > 0 ? transferId : peerKey).toString('base64');
    const { list, ...source } = await sharedTokens.begin(token, client);
    if (this.#over) return;
    this.#onComplete = () =>
      sharedTokens.completed(token, client).catch((error) => {
        logger.error({ token, why: escapeName(String(error)) }, 'a download of a shared link is not counted');
      });
    const storage = this.#storage!;
    const files = new LinkedFiles(list!());
    this.#content = new ContentSender(this.#port, storage, memory, this.#observer(), files);
    await storage.call('openReader', { ...source, verify, preserve });
  }

  #observer() {
    return {
      onTotals: ({ files, directories, bytes }: TransferTotals) => {
        this.#summary.directories = directories;
        this.#reception?.onTotals(files, bytes);
      },
      onFileBegun: () => undefined,
      onFiles: (outcomes: readonly FileOutcome[]) => this.#onFiles(outcomes),
      onLimiter: () => undefined,
      onProgress: (written: number, _durable: number, presentBytes: number) => {
        this.#summary.presentBytes = presentBytes;
        this.#reception?.onProgress(written - presentBytes);
      },
      beforeComplete: async () => this.#reception?.onDurable(),
      onComplete: () => void this.#end(undefined),
      onFailed: (error: JetStreamError) => this.#fail(error),
    };
  }

  #onFiles(outcomes: readonly FileOutcome[]): void {
    const failed = outcomes.filter(({ error }) => error !== undefined).length;
    if (outcomes.length > 0) this.#reception?.onFiles(outcomes.length - failed, failed);
    for (const outcome of outcomes) this.#onFile(outcome);
  }

  #onFile(outcome: FileOutcome): void {
    const summary = this.#summary;
    const { source, target } = outcome;
    const { logger } = this.#context;
    // The targets of a download are the client's own business; here they are numbers.
    const name = () => escapeName(this.#direction === 'upload' ? target || source : source);
    if (outcome.error === undefined) {
      summary.files++;
      if (outcome.skipped) summary.skippedFiles++;
      summary.bytes += outcome.bytes;
      if (!logger.isLevelEnabled('debug')) return;
      logger.debug({ file: name(), bytes: outcome.bytes, digest: outcome.digest }, 'file is done');
      return;
    }
    summary.failed++;
    if (summary.failures.length < MAX_FAILURES_KEPT) summary.failures.push(outcome);
    logger.warn(
      { file: name(), code: outcome.error.code, why: escapeName(outcome.error.message) },
      'file failed',
    );
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    const failure = asJetStreamError(error);
    this.#port.send({ $case: 'failed', value: failureToWire(failure) });
    void this.#end(failure);
  }

  async #end(error: JetStreamError | undefined): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#content?.stop();
    this.#port.close();
    this.#summary.elapsedMs = Math.round(performance.now() - this.#startedMs);
    const { logger, onTransfer } = this.#context;
    const { failures, ...counts } = this.#summary;
    if (error === undefined)
      logger.info({ account: this.#accountName, direction: this.#direction, ...counts }, 'transfer complete');
    // A client that was not let in had asked for it already; its refusal is in the log.
    else if (this.#accountName !== '')
      logger.warn(
        { account: this.#accountName, code: error.code, why: escapeName(error.message), ...counts },
        'transfer failed',
      );
    this.#reception?.end(error);
    onTransfer(this.#accountName, this.#direction, this.#summary);
    if (error === undefined) await this.#onComplete?.();
    await this.#content?.end?.();
    await this.#storage?.close();
    this.#onEnded();
    this.#life.onOver();
  }
}

/** Where a destination path leads on this machine; the root when it leads nowhere. */
function localDirectory(sandbox: SandboxRule, destinationPath: string): string {
  try {
    const { mount, beneath } = resolveTarget({ sandbox, destinationPath, targetPath: 'file' });
    return join(mount.root ?? '/', ...beneath.slice(0, -1));
  } catch {
    return '/';
  }
}
