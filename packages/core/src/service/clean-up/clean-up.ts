import type { GarbageCollectSettings, Parameters } from '@jetstream/api';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../logging.ts';
import type { ServiceClock } from '../clock.ts';
import type { ServiceEvents } from '../events.ts';
import type { ServicePart } from '../part.ts';
import type { Setting, Settings } from '../settings/settings.ts';
import type { Removed } from './removed.ts';

const DEFAULT_SETTINGS: GarbageCollectSettings = { intervalSeconds: 3_600, lifetimeSeconds: 172_800 };
/** Timers of Node bear 24 days. */
const LONGEST_WAIT_MS = 3_600_000;

export interface CleanUpContext {
  clock: ServiceClock;
  timers: Clock;
  events: ServiceEvents;
  logger: Logger;
}

/** Removes what nobody needs any more: at the start, then each hour, and when asked to. */
export class CleanUp implements ServicePart {
  readonly commands = {
    garbageCollect: () => this.run(),
    updateGarbageCollectSettings: (changes: Parameters<'updateGarbageCollectSettings'>) =>
      this.#update(changes),
  };
  readonly #context: CleanUpContext;
  readonly #settings: Setting<GarbageCollectSettings>;
  readonly #parts: readonly ServicePart[];
  #lastStartMs = Number.NEGATIVE_INFINITY;
  /** Wall less monotonic clock, at the last run. */
  #lastOffsetUs = Number.POSITIVE_INFINITY;
  #running: Promise<Removed> | undefined;
  #takeBack: () => void = () => undefined;

  /** @param parts each is asked after all that stand behind it: who uses something gives it up before it is looked at */
  constructor(context: CleanUpContext, settings: Settings, parts: readonly ServicePart[]) {
    this.#context = context;
    this.#settings = settings.setting('garbageCollect', DEFAULT_SETTINGS, asSettings);
    this.#parts = parts;
  }

  get settings(): GarbageCollectSettings {
    return this.#settings.value;
  }

  serverInfo(): object {
    return { configuration: { garbageCollect: this.settings } };
  }

  start(): void {
    this.#runWhenDue();
  }

  async close(): Promise<void> {
    this.#takeBack();
    await this.#running;
  }

  /** Now; one that runs already is waited for. */
  run(): Promise<Removed> {
    this.#running ??= this.#collect().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #collect(): Promise<Removed> {
    const { timers, logger } = this.#context;
    this.#lastStartMs = timers.nowMs();
    const time = { nowUs: this.#nowUs(), lifetimeUs: this.settings.lifetimeSeconds * 1e6 };
    const removed: Removed = {
      transfersDeleted: 0,
      manifestsDeleted: 0,
      receiveTransfersDeleted: 0,
      tokensDeleted: 0,
    };
    for (const part of this.#parts.toReversed()) {
      try {
        for (const [kind, count] of Object.entries((await part.collect?.(time)) ?? {})) {
          removed[kind as keyof Removed] += count;
        }
      } catch (error) {
        logger.warn({ why: String(error) }, 'clean-up of a part failed: it is tried again the next time');
      }
    }
    logger.info({ removed }, 'clean-up');
    return removed;
  }

  /** A wall clock that was set on is believed from the second run on: what is removed is not brought back when it is set right. */
  #nowUs(): number {
    const { clock } = this.#context;
    const monotonicUs = clock.monotonicUs();
    const offsetUs = clock.wallUs() - monotonicUs;
    const nowUs = Math.round(Math.min(offsetUs, this.#lastOffsetUs) + monotonicUs);
    this.#lastOffsetUs = offsetUs;
    return nowUs;
  }

  async #update(changes: Parameters<'updateGarbageCollectSettings'>): Promise<GarbageCollectSettings> {
    const { intervalSeconds = this.settings.intervalSeconds } = changes;
    const { lifetimeSeconds = this.settings.lifetimeSeconds } = changes;
    await this.#settings.set({ intervalSeconds, lifetimeSeconds });
    this.#context.events.emit('settingsUpdated', { garbageCollect: this.settings });
    this.#takeBack();
    this.#runWhenDue();
    return this.settings;
  }

  #runWhenDue(): void {
    const { timers } = this.#context;
    const dueMs = this.#lastStartMs + this.settings.intervalSeconds * 1000;
    if (timers.nowMs() >= dueMs) void this.run();
    const waitMs = Math.min(
      this.settings.intervalSeconds * 1000,
      Math.max(dueMs - timers.nowMs(), 1),
      LONGEST_WAIT_MS,
    );
    this.#takeBack = timers.after(waitMs, () => this.#runWhenDue());
  }
}

function asSettings(stored: unknown): GarbageCollectSettings | undefined {
  const { intervalSeconds, lifetimeSeconds } = (stored ?? {}) as GarbageCollectSettings;
  return intervalSeconds >= 60 && lifetimeSeconds >= 60 ? { intervalSeconds, lifetimeSeconds } : undefined;
}
