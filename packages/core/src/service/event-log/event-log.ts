import type { ApiCaller, ApiEvent, Parameters } from '@jetstream/api';
import type { EventLogStore } from '@jetstream/state';
import type { CleanUpTime } from '../clean-up/removed.ts';
import type { ServiceClock } from '../clock.ts';
import type { ServiceEvents } from '../events.ts';
import { maySee } from '../owner.ts';
import type { ServicePart } from '../part.ts';
import { EventRateLimit } from './event-rate-limit.ts';

const LIFETIME_US = 90 * 86_400e6;

/** Keeps what happened, and tells it to whom it concerns: the latest 100,000 events of 90 days. */
export class EventLog implements ServicePart {
  readonly commands = {
    getEventLog: (parameters: Parameters<'getEventLog'>, caller: ApiCaller) => this.#read(parameters, caller),
  };
  readonly #store: EventLogStore;
  readonly #clock: ServiceClock;
  readonly #strangers = new EventRateLimit();
  readonly #unsubscribe: () => void;

  constructor(store: EventLogStore, events: ServiceEvents, clock: ServiceClock) {
    this.#store = store;
    this.#clock = clock;
    this.#unsubscribe = events.onLogged((event) => this.#append(event));
  }

  serverInfo(): object {
    return { eventLogAvailable: true };
  }

  async collect({ nowUs }: CleanUpTime): Promise<object> {
    await this.#store.removeBefore(nowUs - LIFETIME_US);
    return {};
  }

  async close(): Promise<void> {
    this.#unsubscribe();
  }

  #append(event: ApiEvent): void {
    if (event._event !== 'loginRefused') {
      this.#store.append(event);
      return;
    }
    const suppressed = this.#strangers.admit(String(event.remoteAddress ?? ''), this.#clock.monotonicUs());
    if (suppressed !== undefined) this.#store.append({ ...event, ...(suppressed > 0 && { suppressed }) });
  }

  async #read(
    { since, until, events, limit }: Parameters<'getEventLog'>,
    caller: ApiCaller,
  ): Promise<ApiEvent[]> {
    const names = events && new Set<string>(events);
    const read = await this.#store.read({
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      limit,
      which: since === undefined ? 'last' : 'first',
      matches: (event) =>
        (names === undefined || names.has(event._event)) && concerns(event as ApiEvent, caller),
    });
    return read as ApiEvent[];
  }
}

/** What has no owner is for superusers and wranglers. */
function concerns(event: ApiEvent, caller: ApiCaller): boolean {
  const { owner, ownerToken = null } = event;
  if (owner === undefined || owner === null) return caller.superuser || caller.wrangler;
  return maySee(caller, { owner, ownerToken, ownerTokenSession: null });
}
