import { randomBytes } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';
import type { RequestStatus } from '../schema/request.ts';
import { asJetStreamError } from './error-answer.ts';
import type { ApiLimits } from './limits.ts';

/** Owns what was begun without a log-in: whoever knows its id, which cannot be guessed, is told of it. */
export const NOBODY = '';

interface RunningRequest {
  readonly id: string;
  readonly owner: string;
  readonly abort: AbortController;
  readonly done: Promise<unknown>;
  error: JetStreamError | undefined;
  /** undefined: it runs. */
  endMs: number | undefined;
  /** Of its result as JSON. */
  bytes: number;
}

/** The work of `…Async` commands: it goes on when its caller has gone, who asks for it later, and nobody else. */
export class Requests {
  readonly #limits: ApiLimits;
  readonly #nowMs: () => number;
  /** Oldest first. */
  readonly #requests = new Map<string, RunningRequest>();

  constructor(limits: ApiLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /**
   * Begins work. When its owner has too many requests, or results of too many bytes, the oldest that is done is forgotten.
   * @returns the id of the request
   * @throws JetStreamError `limit-exceeded` when all of them run
   */
  start(owner: string, work: (signal: AbortSignal) => Promise<unknown>): string {
    this.#forgetOld();
    const own = [...this.#requests.values()].filter((request) => request.owner === owner);
    if (own.length >= this.#limits.requestsPerAccount) {
      const oldest = own.find(({ endMs }) => endMs !== undefined);
      if (!oldest)
        throw new JetStreamError('limit-exceeded', `${own.length} requests run already; wait for one`);
      this.#requests.delete(oldest.id);
    }
    const abort = new AbortController();
    const request: RunningRequest = {
      id: randomBytes(16).toString('hex'),
      owner,
      abort,
      done: work(abort.signal).finally(() => {
        request.endMs = this.#nowMs();
      }),
      error: undefined,
      endMs: undefined,
      bytes: 0,
    };
    request.done.then(
      (result) => this.#count(request, result),
      (error) => {
        request.error = asJetStreamError(error);
      },
    );
    this.#requests.set(request.id, request);
    return request.id;
  }

  /** @throws JetStreamError `not-found`: the same for what is not there and for what is another's */
  status(owner: string, id: string): RequestStatus {
    const { endMs, error } = this.#find(owner, id);
    const processing = endMs === undefined;
    return {
      requestId: id,
      status: processing ? 'processing' : error ? 'error' : 'complete',
      processing,
      errorMessage: error?.message ?? null,
      errorCode: error?.code ?? null,
    };
  }

  /**
   * Waits for the end of the work. @throws JetStreamError what the work threw; `not-found`; `limit-exceeded` when it takes longer
   * @param signal nobody waits any more
   */
  async result(owner: string, id: string, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
    const { done } = this.#find(owner, id);
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    try {
      return await Promise.race([
        done,
        new Promise((_resolve, reject) => {
          const stillRuns = () =>
            reject(
              new JetStreamError('limit-exceeded', 'the request is not done yet; ask again', { subject: id }),
            );
          onAbort = stillRuns;
          timer = setTimeout(stillRuns, timeoutMs);
          signal.addEventListener('abort', stillRuns);
        }),
      ]);
    } finally {
      clearTimeout(timer);
      if (onAbort) signal.removeEventListener('abort', onAbort);
    }
  }

  get running(): number {
    let running = 0;
    for (const { endMs } of this.#requests.values()) if (endMs === undefined) running++;
    return running;
  }

  /** Stops what an owner has running. */
  abort(owner: string): void {
    for (const request of this.#requests.values()) if (request.owner === owner) request.abort.abort();
  }

  /** Stops all that runs. */
  close(): void {
    for (const { abort } of this.#requests.values()) abort.abort();
  }

  #count(request: RunningRequest, result: unknown): void {
    request.bytes = JSON.stringify(result ?? null).length;
    const own = [...this.#requests.values()].filter(({ owner }) => owner === request.owner);
    let bytes = own.reduce((sum, one) => sum + one.bytes, 0);
    for (const one of own) {
      if (bytes <= this.#limits.resultBytesPerAccount) return;
      if (one === request || one.endMs === undefined) continue;
      this.#requests.delete(one.id);
      bytes -= one.bytes;
    }
  }

  #find(owner: string, id: string): RunningRequest {
    this.#forgetOld();
    const request = this.#requests.get(id);
    // A log-in was begun by nobody, who is somebody when it is done.
    if (request === undefined || (request.owner !== owner && request.owner !== NOBODY)) {
      throw new JetStreamError('not-found', `there is no request ${JSON.stringify(id)}`, { subject: id });
    }
    return request;
  }

  #forgetOld(): void {
    const nowMs = this.#nowMs();
    for (const [id, { endMs }] of this.#requests) {
      if (endMs !== undefined && nowMs > endMs + this.#limits.resultLifeMs) this.#requests.delete(id);
    }
  }
}
