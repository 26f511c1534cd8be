import type { ApiEvent, ApiEvents, EventName } from '@jetstream/api';
import type { Logger } from '../logging.ts';
import type { ServiceClock } from './clock.ts';
import type { Owner } from './owner.ts';

type Listener = (event: ApiEvent) => void;

/** Tells what happened: to API clients, to parts of this process, and to the event log. */
export class ServiceEvents implements ApiEvents {
  readonly #clock: ServiceClock;
  readonly #logger: Logger;
  readonly #listeners = new Set<Listener>();
  readonly #logs = new Set<Listener>();

  constructor(clock: ServiceClock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * @param structure the object as the API shows it: nothing secret
   * @param owner who may see the event; undefined: superusers and wranglers alone
   * @param options logged: false for what comes too often to be kept
   */
  emit(name: EventName, structure: object, owner?: Owner, { logged = true } = {}): void {
    const event: ApiEvent = {
      ...structure,
      owner: owner?.owner ?? null,
      ownerToken: owner?.ownerToken ?? null,
      _event: name,
      _timestamp: this.#clock.wallUs(),
    };
    for (const listener of this.#listeners) this.#tell(listener, event);
    if (logged) for (const log of this.#logs) this.#tell(log, event);
  }

  /** @returns ends it */
  subscribe(listener: Listener): () => void {
    return add(this.#listeners, listener);
  }

  /** As `subscribe`, for events of one name. */
  on(name: EventName, listener: Listener): () => void {
    return this.subscribe((event) => {
      if (event._event === name) listener(event);
    });
  }

  /** As `subscribe`, for events that are to be kept. */
  onLogged(listener: Listener): () => void {
    return add(this.#logs, listener);
  }

  /** A listener that fails is no reason for what happened to fail. */
  #tell(listener: Listener, event: ApiEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.#logger.error({ event: event._event, why: String(error) }, 'listener of events');
    }
  }
}

function add(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
