import type { Collection } from '@jetstream/state';
import type { KnownPath, PathStore } from '../contract.ts';
import { isUsablePath } from './known-path.ts';

const MAX_PATHS = 1_024;

/** Known paths in the state of a server; above 1,024 the one that was seen longest ago is forgotten. */
export class StatePaths implements PathStore {
  readonly #paths: Collection<KnownPath>;

  constructor(paths: Collection<KnownPath>) {
    this.#paths = paths;
  }

  /** Those that are of no use any more are removed. */
  async load(): Promise<readonly KnownPath[]> {
    const paths = [...this.#paths.entries()];
    const now = Date.now();
    await Promise.all(paths.map(([id, path]) => isUsablePath(path, now) || this.#paths.delete(id)));
    return [...this.#paths.values()];
  }

  async save(path: KnownPath): Promise<void> {
    const written = [this.#paths.put(`${path.network} ${path.localAddress ?? ''}`, { ...path })];
    if (this.#paths.size > MAX_PATHS) written.push(this.#paths.delete(this.#oldest()));
    await Promise.all(written);
  }

  #oldest(): string {
    let [oldest, seenAtMs] = ['', Number.POSITIVE_INFINITY];
    for (const [id, path] of this.#paths.entries()) {
      if (path.seenAtMs < seenAtMs) [oldest, seenAtMs] = [id, path.seenAtMs];
    }
    return oldest;
  }
}
