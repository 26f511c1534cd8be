import type { MetricSource } from '@jetstream/api/server';
import { escapeName } from '@jetstream/manifest';
import type { Collection, State } from '@jetstream/state';
import type { Logger } from '../../logging.ts';
import type { Draft } from '../draft.ts';
import { newId } from '../ids.ts';
import type { ServicePart } from '../part.ts';
import { findTrigger, type TriggerEvent } from './trigger-file.ts';
import { runTrigger, type TriggerOutcome } from './trigger-process.ts';

const DEFAULT_TIMEOUT_MS = 300_000;
const MAX_RUNNING = 4;
const MAX_WAITING = 10_000;
/** Of one argument; Linux takes 128 KiB. */
const MAX_ARGUMENT_LENGTH = 8_192;
/** Of one run that the end of the server cuts off: it may be what ends the server. */
const MAX_BEGINNINGS = 3;

/** A trigger that is to run, or runs, as it is stored. */
interface TriggerRun {
  event: TriggerEvent;
  args: readonly string[];
  /** How often it was begun. */
  begun: number;
}

export interface TriggersOptions {
  directory: string;
  /** Tells each run, and what it said. Default false: only what goes wrong. */
  log: boolean;
  timeoutMs?: number;
}

/**
 * Runs an operator's programs when something happens. Each at least once: it is kept from when its cause is written until it has ended,
 * and one that the end of the server cuts off is begun again by the next one, three times at most.
 */
export class Triggers implements ServicePart {
  readonly #options: TriggersOptions;
  readonly #logger: Logger;
  readonly #runs: Collection<TriggerRun>;
  /** Ids of those that wait for their turn, in their order. */
  readonly #queue = new Set<string>();
  /** By id. */
  readonly #running = new Map<string, Promise<void>>();
  #isOpen = false;
  #isEnding = false;
  /** Of all that were set off since the start. */
  #count = 0;
  #dropped = 0;
  readonly #ended = { ok: 0, failed: 0 };

  private constructor(options: TriggersOptions, logger: Logger, runs: Collection<TriggerRun>) {
    this.#options = options;
    this.#logger = logger;
    this.#runs = runs;
  }

  static async open(options: TriggersOptions, state: State, logger: Logger): Promise<Triggers> {
    const runs = await state.collection<TriggerRun>('triggerRuns', { decode: asTriggerRun });
    return new Triggers(options, logger, runs);
  }

  serverInfo(): object {
    return { configuration: { triggerDir: this.#options.directory } };
  }

  metrics(): MetricSource[] {
    const ended = () => Object.entries(this.#ended).map(([result, value]) => ({ value, labels: { result } }));
    return [
      {
        name: 'trigger_runs_total',
        help: 'Triggers that have run, by result',
        kind: 'counter',
        labelNames: ['result'],
        read: ended,
      },
      {
        name: 'triggers_waiting',
        help: 'Triggers that wait for their turn',
        kind: 'gauge',
        read: () => [{ value: this.#queue.size }],
      },
    ];
  }

  start(): void {
    this.#isOpen = true;
    // Ids are in the order of their making.
    const runs = [...this.#runs.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [id, run] of runs) {
      if (run.event !== 'launch' && run.begun < MAX_BEGINNINGS) this.#queue.add(id);
      else this.#giveUp(id, run);
    }
    this.#runNext();
  }

  /** Something happened. @param args without NUL; none that a peer can choose begins with "-" */
  fire(event: TriggerEvent, args: readonly string[]): void {
    const { id, run } = this.#newRun(event, args);
    if (!this.#hasRoom(run)) return;
    this.#runs.put(id, run).then(
      () => this.#enqueue(id),
      (error) => {
        this.#logger.warn(
          { trigger: event, why: String(error) },
          'a trigger could not be recorded: it is run now',
        );
        void this.#run(run);
      },
    );
  }

  /** As `fire`, for who records what happened. @returns undefined when so many wait that this one is dropped */
  prepare(event: TriggerEvent, args: readonly string[]): Draft | undefined {
    const { id, run } = this.#newRun(event, args);
    if (!this.#hasRoom(run)) return undefined;
    return { changes: [this.#runs.change(id, run)], onDurable: () => this.#enqueue(id) };
  }

  /** The server is ending. @param last when that has ended nothing sets off a trigger any more; those that wait are run, too */
  async drain(last: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.#isEnding = true;
    await last;
    while (this.#running.size > 0) await Promise.race(this.#running.values());
  }

  /** What waits is run by the next server, and what runs is left to itself. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#isEnding = true;
  }

  #newRun(event: TriggerEvent, args: readonly string[]): { id: string; run: TriggerRun } {
    const order = [Date.now(), this.#count++].map((number) => number.toString(16).padStart(12, '0'));
    return { id: `${order.join('')}${newId()}`, run: { event, args: args.map(asArgument), begun: 0 } };
  }

  #hasRoom({ event, args }: TriggerRun): boolean {
    if (this.#runs.size < MAX_WAITING) return true;
    this.#dropped++;
    this.#logger.error(
      { trigger: event, args: args.map(shown), dropped: this.#dropped },
      'too many triggers wait: this one is not run',
    );
    return false;
  }

  #enqueue(id: string): void {
    if (!this.#running.has(id)) this.#queue.add(id);
    this.#runNext();
  }

  #runNext(): void {
    for (const id of this.#queue) {
      if (!this.#isOpen || this.#running.size >= MAX_RUNNING) return;
      this.#queue.delete(id);
      const run = this.#runs.get(id);
      if (run === undefined) continue;
      const running = this.#carryOut(id, run).finally(() => {
        this.#running.delete(id);
        this.#runNext();
      });
      this.#running.set(id, running);
    }
  }

  async #carryOut(id: string, run: TriggerRun): Promise<void> {
    const beginning = { ...run, begun: run.begun + 1 };
    const outcome = await this.#run(run, () => this.#runs.put(id, beginning));
    const isCutOff = this.#isEnding && outcome !== undefined && outcome.signal !== null && !outcome.timedOut;
    if (!isCutOff) await this.#forget(id, run);
  }

  /** @param begin writes down that it is begun. @returns undefined when there is nothing to run, or it cannot be */
  async #run(
    { event, args }: TriggerRun,
    begin: () => Promise<void> = async () => undefined,
  ): Promise<TriggerOutcome | undefined> {
    const { directory, log, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const about = { trigger: event, args: args.map(shown) };
    try {
      const path = await findTrigger(directory, event);
      if (path === undefined) return undefined;
      await begin().catch((error) => this.#warnOfRepeat(event, error));
      if (log) this.#logger.info(about, 'trigger begins');
      const outcome = await runTrigger(path, args, timeoutMs);
      this.#tellEnd(about, outcome);
      return outcome;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#logger.error({ ...about, why: escapeName(why) }, 'a trigger cannot be run');
      return undefined;
    }
  }

  #tellEnd(about: object, { status, signal, timedOut, output, errors }: TriggerOutcome): void {
    this.#ended[status === 0 ? 'ok' : 'failed']++;
    const outcome = { ...about, status, signal, output: escapeName(output), errors: escapeName(errors) };
    if (timedOut) this.#logger.error(outcome, 'a trigger took too long and was killed');
    else if (status !== 0) this.#logger.error(outcome, 'a trigger failed');
    else if (this.#options.log) this.#logger.info(outcome, 'trigger has ended');
  }

  /** What the start before this one set off, or what was cut off too often. */
  #giveUp(id: string, run: TriggerRun): void {
    const { event, args, begun } = run;
    if (event !== 'launch') {
      this.#logger.error(
        { trigger: event, args: args.map(shown), begun },
        'a trigger was cut off by the end of the server each time: it is not run again',
      );
    }
    void this.#forget(id, run);
  }

  async #forget(id: string, { event }: TriggerRun): Promise<void> {
    await this.#runs.delete(id).catch((error) => this.#warnOfRepeat(event, error));
  }

  #warnOfRepeat(event: TriggerEvent, error: unknown): void {
    this.#logger.warn({ trigger: event, why: String(error) }, 'a trigger may be run again');
  }
}

/** A program takes no NUL in its arguments, and what is endless helps nobody. */
function asArgument(text: string): string {
  return text.replaceAll('\0', '').slice(0, MAX_ARGUMENT_LENGTH);
}

function shown(text: string): string {
  return escapeName(text.slice(0, MAX_ARGUMENT_LENGTH));
}

function asTriggerRun(stored: unknown): TriggerRun | undefined {
  const { event, args, begun = 0 } = (stored ?? {}) as Partial<TriggerRun>;
  return typeof event === 'string' && Array.isArray(args) && args.every((arg) => typeof arg === 'string')
    ? { event, args, begun }
    : undefined;
}
