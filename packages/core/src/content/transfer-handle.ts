import { performance } from 'node:perf_hooks';
import type { RatePolicy } from '@jetstream/congestion';
import type { JetStreamError } from '@jetstream/protocol';
import type { WriterActivity } from '@jetstream/storage';
import type {
  FileOutcome,
  RatePolicyOptions,
  Transfer,
  TransferProgress,
  TransferSummary,
  TransferTraffic,
} from '../contract.ts';
import { fromRatePolicy, toRatePolicy } from '../rate-policy-options.ts';
import { type ConnectionTraffic, NO_TRAFFIC, type TellsStats } from './connection-traffic.ts';
import { NO_PROGRESS, NOTHING_DONE } from './no-progress.ts';
import { RateMeter } from './rate-meter.ts';
import { waitingForReceiver } from './receiver-activity.ts';
import { TransferEvents } from './transfer-events.ts';
import type { TransferTotals } from './transfer-totals.ts';

const PROGRESS_INTERVAL_MS = 200;
const SILENCE_WORTH_TELLING_MS = 3_000;
/** Failures kept for the summary, and to tell none twice; all of them are told as events. */
const MAX_FAILURES_KEPT = 10_000;

/** How fast a transfer's content is sent, wherever that is decided. */
export interface TransferRate {
  inForce(): RatePolicy | undefined;
  /** Resolves when `inForce` tells what came of it. */
  set(policy: RatePolicy): Promise<void>;
}

/** The running transfer as the application sees it: collects counts, emits progress, settles `done` once. */
export class TransferHandle extends TransferEvents implements Transfer {
  readonly progress: TransferProgress;
  readonly done: Promise<TransferSummary>;
  readonly #startedMs = performance.now();
  readonly #onCancel: () => void;
  readonly #ratePolicy: TransferRate;
  readonly #timer: NodeJS.Timeout;
  /** Source and target of failures that listeners know of. */
  readonly #toldFailures = new Set<string>();
  #failures: FileOutcome[] = [];
  #rate = new RateMeter();
  readonly #traffic: TransferTraffic = { ...NO_TRAFFIC };
  #connection: TellsStats | undefined;
  #connectionTraffic: ConnectionTraffic | undefined;
  #leaveTraffic: () => void = () => undefined;
  #linkAwaited: (() => string) | undefined;
  #directories = 0;
  #skippedFiles = 0;
  /** By attempts on links that were lost: what is there at the next one is the work of this transfer. */
  #copiedBefore = { files: 0, bytes: 0 };
  #activity: WriterActivity | undefined;
  #packetsHeard = -1;
  #heardMs = this.#startedMs;
  #waiters: (() => void)[] = [];
  #settled = false;
  #resolve!: (summary: TransferSummary) => void;
  #reject!: (error: Error) => void;

  constructor(onCancel: () => void, rate: TransferRate) {
    super();
    this.#onCancel = onCancel;
    this.#ratePolicy = rate;
    this.progress = { ...NO_PROGRESS, traffic: this.#traffic };
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only iterates or listens must not bring the process down by not awaiting `done`.
    this.done.catch(() => undefined);
    this.#timer = setInterval(() => this.#tick(), PROGRESS_INTERVAL_MS);
  }

  cancel(): void {
    if (!this.#settled) this.#onCancel();
  }

  async setRatePolicy(options: RatePolicyOptions): Promise<RatePolicyOptions> {
    await this.#ratePolicy.set(toRatePolicy(options));
    this.#tellRatePolicy();
    return this.progress.ratePolicy!;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<TransferProgress> {
    while (!this.#settled) {
      yield { ...this.progress };
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    yield { ...this.progress };
    await this.done;
  }

  /** Content goes over this connection from now on. All counts begin anew: what is done already is told again. */
  begin(connection: TellsStats, traffic: ConnectionTraffic): void {
    const { filesDone, ackedBytes, presentBytes } = this.progress;
    this.#copiedBefore.files += filesDone - this.#skippedFiles;
    this.#copiedBefore.bytes += Math.max(0, ackedBytes - presentBytes);
    this.#connection = connection;
    this.#linkAwaited = undefined;
    this.#packetsHeard = -1;
    this.#rate = new RateMeter();
    this.#failures = [];
    this.#directories = 0;
    this.#skippedFiles = 0;
    this.#activity = undefined;
    Object.assign(this.progress, NOTHING_DONE);
    this.#leaveTraffic();
    this.#connectionTraffic = traffic;
    this.#leaveTraffic = traffic.join(
      this.#traffic,
      () => this.progress.ackedBytes - this.progress.presentBytes,
    );
  }

  /** Nothing goes on until `begin`. @param forWhat in words */
  wait(forWhat: () => string): void {
    this.#connection = undefined;
    this.#linkAwaited = forWhat;
    this.progress.state = 'reconnecting';
    this.progress.limiter = undefined;
    this.#tick();
  }

  note(text: string): void {
    this.emit('note', text);
  }

  setTotals({ files, directories, bytes, final }: TransferTotals): void {
    this.#directories = directories;
    this.progress.totalFiles = files;
    this.progress.totalBytes = bytes;
    this.progress.totalsFinal = final;
  }

  fileDone(outcome: FileOutcome): void {
    if (outcome.error === undefined) {
      this.progress.filesDone++;
      if (outcome.skipped) this.#skippedFiles++;
    } else {
      this.progress.filesFailed++;
      if (this.#failures.length < MAX_FAILURES_KEPT) this.#failures.push(outcome);
      if (this.#isToldFailure(outcome)) return;
    }
    this.emit('file', outcome);
  }

  /** What the receiver has, and is at. */
  setReceived(
    writtenBytes: number,
    durableBytes: number,
    presentBytes: number,
    activity: WriterActivity | undefined,
  ): void {
    this.progress.ackedBytes = writtenBytes;
    this.progress.durableBytes = durableBytes;
    this.progress.presentBytes = presentBytes;
    this.#activity = activity;
  }

  complete(): void {
    if (this.#settled) return;
    this.#settle('complete');
    this.#resolve({
      files: this.progress.filesDone,
      skippedFiles: Math.max(0, this.#skippedFiles - this.#copiedBefore.files),
      directories: this.#directories,
      bytes: this.progress.durableBytes,
      presentBytes: Math.max(0, this.progress.presentBytes - this.#copiedBefore.bytes),
      failed: this.progress.filesFailed,
      elapsedMs: this.progress.elapsedMs,
      failures: this.#failures,
    });
  }

  fail(error: JetStreamError): void {
    if (this.#settled) return;
    this.#settle(error.code === 'cancelled' ? 'cancelled' : 'error');
    this.#reject(error);
  }

  #isToldFailure({ source, target }: FileOutcome): boolean {
    const name = `${source}\0${target}`;
    if (this.#toldFailures.has(name)) return true;
    if (this.#toldFailures.size < MAX_FAILURES_KEPT) this.#toldFailures.add(name);
    return false;
  }

  #settle(state: TransferProgress['state']): void {
    this.#settled = true;
    this.#leaveTraffic();
    clearInterval(this.#timer);
    this.progress.state = state;
    this.progress.waitsFor = '';
    this.progress.limiter = undefined;
    this.#tick();
  }

  /** A peer at work is heard from many times a second; while it is not, nothing else is worth saying. */
  #watchForSilence(nowMs: number, packetsReceived: number): void {
    if (packetsReceived !== this.#packetsHeard) {
      this.#packetsHeard = packetsReceived;
      this.#heardMs = nowMs;
    }
    const silentMs = nowMs - this.#heardMs;
    if (this.#settled || silentMs < SILENCE_WORTH_TELLING_MS) return;
    this.progress.waitsFor = `the peer, silent for ${Math.floor(silentMs / 1000)} s`;
  }

  #tellRatePolicy(): void {
    const inForce = this.#ratePolicy.inForce();
    this.progress.ratePolicy = inForce && fromRatePolicy(inForce);
  }

  /** While the receiver compares what it has, its disk holds the transfer, and it is worth saying why. */
  #whatHolds(): string {
    const { limiter = '' } = this.progress;
    const isComparing = this.#activity === 'checking' && (limiter === '' || limiter === "receiver's disk");
    return isComparing ? waitingForReceiver('checking') : limiter;
  }

  #tick(): void {
    const { progress } = this;
    this.#tellRatePolicy();
    const nowMs = performance.now();
    progress.elapsedMs = Math.round(nowMs - this.#startedMs);
    progress.rateBitsPerSecond = this.#rate.update(nowMs, progress.ackedBytes - progress.presentBytes);
    const left = progress.totalBytes - progress.ackedBytes;
    progress.etaSeconds =
      progress.state !== 'reconnecting' && progress.totalsFinal && progress.rateBitsPerSecond > 0
        ? (left * 8) / progress.rateBitsPerSecond
        : undefined;
    if (!this.#settled) this.#connectionTraffic?.observe();
    const stats = this.#connection?.stats;
    if (progress.state === 'transferring' && progress.totalsFinal && left <= 0) progress.state = 'finishing';
    if (progress.state === 'finishing') progress.waitsFor = waitingForReceiver(this.#activity);
    else if (progress.state === 'transferring') progress.waitsFor = this.#whatHolds();
    else if (progress.state === 'reconnecting') progress.waitsFor = this.#linkAwaited?.() ?? '';
    if (stats !== undefined) {
      this.#watchForSilence(nowMs, stats.packetsReceived);
      progress.rttMs = stats.smoothedRttUs / 1000;
      progress.lossShare = stats.packetsSent === 0 ? 0 : stats.packetsLost / stats.packetsSent;
    }
    this.emit('progress', { ...progress });
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
