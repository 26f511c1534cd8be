import type { Collection, State } from '@jetstream/state';

interface StoredSetting {
  value: unknown;
}

/** What superusers have set through the API; kept over restarts. */
export class Settings {
  readonly #stored: Collection<StoredSetting>;

  private constructor(stored: Collection<StoredSetting>) {
    this.#stored = stored;
  }

  static async open(state: State): Promise<Settings> {
    return new Settings(await state.collection<StoredSetting>('settings'));
  }

  /**
   * @param defaultValue while nothing is set
   * @param decode makes a value of what was stored; undefined: the default is taken
   */
  setting<T>(name: string, defaultValue: T, decode: (stored: unknown) => T | undefined): Setting<T> {
    return new Setting(this.#stored, name, defaultValue, decode);
  }
}

export class Setting<T> {
  readonly #stored: Collection<StoredSetting>;
  readonly #name: string;
  readonly #defaultValue: T;
  readonly #decode: (stored: unknown) => T | undefined;

  constructor(
    stored: Collection<StoredSetting>,
    name: string,
    defaultValue: T,
    decode: (stored: unknown) => T | undefined,
  ) {
    this.#stored = stored;
    this.#name = name;
    this.#defaultValue = defaultValue;
    this.#decode = decode;
  }

  get value(): T {
    const stored = this.#stored.get(this.#name);
    return (stored && this.#decode(stored.value)) ?? this.#defaultValue;
  }

  /** Durable when it resolves. @throws JetStreamError as `Collection.put` */
  async set(value: T): Promise<void> {
    await this.#stored.put(this.#name, { value });
  }
}
