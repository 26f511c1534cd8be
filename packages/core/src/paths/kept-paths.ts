import type { KnownPath, PathStore } from '../contract.ts';

/** A store of paths whose failures are told and harm nothing. */
export class KeptPaths {
  readonly #store: PathStore | undefined;
  readonly #onFailure: (what: string) => void;
  readonly #saving = new Set<Promise<void>>();

  /** @param store undefined: nothing is kept */
  constructor(store: PathStore | undefined, onFailure: (what: string) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  async load(): Promise<readonly KnownPath[]> {
    try {
      return (await this.#store?.load()) ?? [];
    } catch (error) {
      this.#onFailure(`known paths could not be loaded: ${String(error)}`);
      return [];
    }
  }

  /** Does not wait: `settled` does. */
  keep(path: KnownPath | Promise<KnownPath>): void {
    if (this.#store === undefined) return;
    const saving = this.#save(this.#store, path).finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
  }

  /** All that was to be kept is, or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#saving);
  }

  async #save(store: PathStore, path: KnownPath | Promise<KnownPath>): Promise<void> {
    try {
      await store.save(await path);
    } catch (error) {
      this.#onFailure(`what was seen of a path could not be kept: ${String(error)}`);
    }
  }
}
