import type { FileOutcome } from '@jetstream/core';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { CopyView } from '../copy-view.ts';
import { asJetStreamError, failedFileLine, missingFileLine } from '../error-line.ts';
import { exitStatusOfFailures } from '../exit-codes.ts';
import { formatCount, formatFiles } from '../quantities.ts';
import { type FarTransfer, readFarTransfer, summaryOf } from './far-transfer.ts';
import { follow } from './follow.ts';
import type { ViaOptions } from './via-options.ts';
import type { ViaSession } from './via-session.ts';

const CANCEL_TIMEOUT_MS = 10_000;

/** A link between the servers that is lost: as a plain copy would, the one that sends comes again. */
const LINK_LOST: ReadonlySet<ErrorCode> = new Set(['connection-lost', 'server-closing', 'host-unreachable']);

type FollowOptions = Pick<
  ViaOptions,
  'via' | 'destination' | 'verify' | 'leaveRunning' | 'reconnectTimeoutMs'
>;

/** A transfer of another server, shown like a copy of our own. */
export class FollowedCopy {
  readonly #session: ViaSession;
  readonly #ids: { transferId: string; manifestId: string };
  readonly #options: FollowOptions;
  readonly #view: CopyView;
  readonly #signal: AbortSignal;
  readonly #told = new Set<string>();
  #lostMs: number | undefined;

  constructor(
    session: ViaSession,
    ids: { transferId: string; manifestId: string },
    options: FollowOptions,
    view: CopyView,
    signal: AbortSignal,
  ) {
    this.#session = session;
    this.#ids = ids;
    this.#options = options;
    this.#view = view;
    this.#signal = signal;
  }

  /**
   * @returns the exit status of the files
   * @throws JetStreamError why there was no end, or it is not known; `cancelled`
   */
  async run(): Promise<number> {
    const isEnough = (transfer: FarTransfer) => this.#onState(transfer);
    let transfer: FarTransfer;
    try {
      transfer = await follow(this.#session, this.#ids.transferId, isEnough, this.#signal);
    } catch (error) {
      if (this.#signal.aborted) return this.#stop();
      if (asJetStreamError(error).code !== 'not-found') this.#sayItGoesOn('the copy goes on');
      throw error;
    }
    return this.#end(transfer);
  }

  /** @returns whether there is nothing to follow any more */
  #onState(transfer: FarTransfer): boolean {
    const { status } = transfer;
    for (const outcome of transfer.failures) this.#tell(outcome);
    if (status === 'complete' || status === 'error' || status === 'cancelled') return true;
    if (this.#isHopeless(transfer)) return true;
    this.#view.progress(transfer.progress);
    return false;
  }

  /**
   * The server tries again for a day. Somebody who waits hears of an error at once, as of a plain copy, unless the link was there and is lost.
   */
  #isHopeless({ status, errorCode, progress }: FarTransfer): boolean {
    if (status !== 'pending' || errorCode === undefined) {
      if (progress.rateBitsPerSecond > 0) this.#lostMs = undefined;
      return false;
    }
    const { leaveRunning, reconnectTimeoutMs } = this.#options;
    const nowMs = performance.now();
    this.#lostMs ??= nowMs;
    const hasBegun = progress.ackedBytes > 0 || progress.filesDone > 0;
    const isRiddenOut = hasBegun && LINK_LOST.has(errorCode) && nowMs - this.#lostMs < reconnectTimeoutMs;
    return !leaveRunning && !isRiddenOut;
  }

  async #end(transfer: FarTransfer): Promise<number> {
    const { status, errorCode = 'internal', errorMessage, progress } = transfer;
    const hasRun = status === 'complete' || (errorCode === 'transfer-failed' && progress.filesFailed > 0);
    if (hasRun) return this.#sumUp(transfer);
    const { via, destination } = this.#options;
    if (status === 'cancelled') throw new JetStreamError('cancelled', `cancelled at ${via.host}`);
    if (status === 'pending') await this.#cancel();
    const message = `${destination}: ${errorMessage || 'the copy failed'}`;
    throw new JetStreamError(errorCode, errorMessage.includes(destination) ? errorMessage : message, {
      subject: destination,
    });
  }

  async #sumUp(transfer: FarTransfer): Promise<number> {
    const { verify } = this.#options;
    const { progress, failures } = transfer;
    const summary = summaryOf(transfer, await this.#totalDirectories());
    this.#view.summary(summary);
    if (summary.failed === 0) return 0;
    const total = progress.filesDone + summary.failed;
    const how = verify ? 'not equal' : 'not copied';
    const unnamed = summary.failed > failures.length ? '; not all are named' : '';
    if (total > 1)
      this.#view.line(`jscp: ${formatCount(summary.failed)} of ${formatFiles(total)} ${how}${unnamed}`);
    return exitStatusOfFailures(
      failures.length > 0 ? failures.map((one) => this.#causeOf(one)) : ['transfer-failed'],
    );
  }

  /** What is not known is not told. */
  async #totalDirectories(): Promise<unknown> {
    const { manifestId } = this.#ids;
    try {
      return (await this.#session.once((client) => client.call('send.getManifest', { manifestId })))
        .totalDirectories;
    } catch {
      return 0;
    }
  }

  /** Once each, however often the transfer is told and tried. */
  #tell(outcome: FileOutcome): void {
    const key = JSON.stringify([outcome.source, outcome.target]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#view.file(outcome);
    const isMissing = this.#causeOf(outcome) !== outcome.error?.code;
    this.#view.line(isMissing ? missingFileLine(outcome) : failedFileLine(outcome));
  }

  /** Of a comparison: what is missing at the target differs; a source that is not there has no target. */
  #causeOf({ target, error }: FileOutcome): ErrorCode {
    const isMissing = this.#options.verify && error?.code === 'not-found' && target !== '';
    return isMissing ? 'content-differs' : (error?.code ?? 'internal');
  }

  /** Upon Ctrl-C. @throws JetStreamError `cancelled` */
  async #stop(): Promise<number> {
    if (this.#options.leaveRunning) {
      this.#sayItGoesOn('left running');
      throw new JetStreamError('cancelled', 'not followed any more');
    }
    const ended = await this.#cancel();
    if (ended !== undefined) return this.#end(ended);
    throw new JetStreamError('cancelled', 'cancelled');
  }

  /** @returns how it had ended before; undefined: it was cancelled, or nobody knows */
  async #cancel(): Promise<FarTransfer | undefined> {
    const { transferId } = this.#ids;
    const cancel = () =>
      this.#session.once((client) =>
        client.call('send.cancelTransfer', { transferId }, { timeoutMs: CANCEL_TIMEOUT_MS }),
      );
    try {
      await cancel().catch(async (error) => {
        if (asJetStreamError(error).code === 'conflict') throw error;
        // The connection may be one that was lost.
        await this.#session.close();
        return cancel();
      });
      return undefined;
    } catch (error) {
      if (asJetStreamError(error).code === 'conflict')
        return readFarTransfer(
          await this.#session.once((client) => client.call('send.getTransfer', { transferId })),
        );
      this.#sayItGoesOn(`could not be cancelled (${asJetStreamError(error).message}), and goes on`);
      return undefined;
    }
  }

  #sayItGoesOn(how: string): void {
    const { host, port, user } = this.#options.via;
    const where = [
      `--host ${host}`,
      port !== 8_886 && `--api-control-port ${port}`,
      user && `--user ${user}`,
    ];
    this.#view.line(
      `jscp: ${how} at ${host}; it is followed by: jetstream api ${where.filter(Boolean).join(' ')} waitForTransfer --transferId ${this.#ids.transferId}`,
    );
  }
}
