import type { MetricSource } from '@jetstream/api/server';
import { escapeName } from '@jetstream/manifest';
import type { Change, Collection, State } from '@jetstream/state';
import type { Logger } from '../../logging.ts';
import { newId } from '../ids.ts';
import type { ServicePart } from '../part.ts';
import { findTrigger, type TriggerEvent } from './trigger-file.ts';
import { runTrigger } from './trigger-process.ts';

const DEFAULT_TIMEOUT_MS = 300_000;
const MAX_RUNNING = 4;
const MAX_QUEUED = 1_000;
/** Of one argument; Linux takes 128 KiB. */
const MAX_ARGUMENT_LENGTH = 8_192;

/** A trigger that waits for its turn, as it is stored. */
interface WaitingRun {
  event: TriggerEvent;
  args: readonly string[];
}

export interface TriggersOptions {
  directory: string;
  /** Tells each run, and what it said. Default false: only what goes wrong. */
  log: boolean;
  timeoutMs?: number;
}

/**
 * Runs an operator's programs when something happens. Each at most once: those that wait survive a restart of the server, one that was
 * begun is not begun again.
 */
export class Triggers implements ServicePart {
  readonly #options: TriggersOptions;
  readonly #logger: Logger;
  readonly #waiting: Collection<WaitingRun>;
  /** Ids, in their order. */
  readonly #queue: string[] = [];
  readonly #running = new Set<Promise<void>>();
  #isOpen = false;
  #dropped = 0;
  readonly #ended = { ok: 0, failed: 0 };

  private constructor(options: TriggersOptions, logger: Logger, waiting: Collection<WaitingRun>) {
    this.#options = options;
    this.#logger = logger;
    this.#waiting = waiting;
  }

  static async open(options: TriggersOptions, state: State, logger: Logger): Promise<Triggers> {
    const waiting = await state.collection<WaitingRun>('triggerRuns', { decode: asWaitingRun });
    return new Triggers(options, logger, waiting);
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
        read: () => [{ value: this.#queue.length }],
      },
    ];
  }

  start(): void {
    this.#isOpen = true;
    // Ids begin with the time of their making.
    this.#queue.push(...[...this.#waiting.entries()].map(([id]) => id).sort());
    this.#runNext();
  }

  /** Something happened. @param args without NUL; none that a peer can choose begins with "-" */
  fire(event: TriggerEvent, args: readonly string[]): void {
    const run = this.prepare(event, args);
    if (run === undefined) return;
    this.#waiting.put(run.id, run.waiting).then(run.run, (error) => {
      this.#logger.warn(
        { trigger: event, why: String(error) },
        'a trigger could not be recorded: it is run now',
      );
      void this.#start(run.waiting);
    });
  }

  /**
   * As `fire`, for who records what happened: the change belongs to that record, and `run` is called once both are durable.
   * @returns undefined when so many wait that this one is dropped
   */
  prepare(
    event: TriggerEvent,
    args: readonly string[],
  ): { id: string; waiting: WaitingRun; change: Change; run: () => void } | undefined {
    if (this.#queue.length >= MAX_QUEUED) {
      this.#dropped++;
      this.#logger.error(
        { trigger: event, args: args.map(shown), dropped: this.#dropped },
        'too many triggers wait: this one is not run',
      );
      return undefined;
    }
    const id = `${Date.now().toString(16).padStart(12, '0')}${newId()}`;
    const waiting = { event, args: args.map(asArgument) };
    const run = () => {
      this.#queue.push(id);
      this.#runNext();
    };
    return { id, waiting, change: this.#waiting.change(id, waiting), run };
  }

  /** Those that wait are run, too. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
  }

  /** What waits is run by the next server; what runs is left to itself. */
  async close(): Promise<void> {
    this.#isOpen = false;
  }

  #runNext(): void {
    while (this.#isOpen && this.#running.size < MAX_RUNNING && this.#queue.length > 0) {
      const id = this.#queue.shift()!;
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) continue;
      const running = this.#begin(id, waiting).finally(() => {
        this.#running.delete(running);
        this.#runNext();
      });
      this.#running.add(running);
    }
  }

  async #begin(id: string, waiting: WaitingRun): Promise<void> {
    try {
      await this.#waiting.delete(id);
    } catch (error) {
      this.#logger.warn({ trigger: waiting.event, why: String(error) }, 'a trigger may be run twice');
    }
    await this.#start(waiting);
  }

  async #start({ event, args }: WaitingRun): Promise<void> {
    const { directory, log, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const about = { trigger: event, args: args.map(shown) };
    try {
      const path = await findTrigger(directory, event);
      if (path === undefined) return;
      if (log) this.#logger.info(about, 'trigger begins');
      const { status, signal, timedOut, output, errors } = await runTrigger(path, args, timeoutMs);
      this.#ended[status === 0 ? 'ok' : 'failed']++;
      const outcome = { ...about, status, signal, output: escapeName(output), errors: escapeName(errors) };
      if (timedOut) this.#logger.error(outcome, 'a trigger took too long and was killed');
      else if (status !== 0) this.#logger.error(outcome, 'a trigger failed');
      else if (log) this.#logger.info(outcome, 'trigger has ended');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#logger.error({ ...about, why: escapeName(why) }, 'a trigger cannot be run');
    }
  }
}

/** A program takes no NUL in its arguments, and what is endless helps nobody. */
function asArgument(text: string): string {
  return text.replaceAll('\0', '').slice(0, MAX_ARGUMENT_LENGTH);
}

function shown(text: string): string {
  return escapeName(text.slice(0, MAX_ARGUMENT_LENGTH));
}

function asWaitingRun(stored: unknown): WaitingRun | undefined {
  const { event, args } = (stored ?? {}) as WaitingRun;
  return typeof event === 'string' && Array.isArray(args) && args.every((arg) => typeof arg === 'string')
    ? { event, args }
    : undefined;
}
