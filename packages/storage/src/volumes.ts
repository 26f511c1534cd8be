import { asFileFailure } from './errno.ts';
import type { Directory, Volume } from './file-system.ts';

/** The volumes that a transfer writes to, each opened before the first write to it. */
export class Volumes {
  readonly #byDevice = new Map<number, SharedVolume | undefined>();

  /** That of a directory. Undefined where each file must be synced by itself. */
  of(directory: Directory): SharedVolume | undefined {
    const { device } = directory;
    if (!this.#byDevice.has(device)) {
      const volume = directory.openVolume();
      this.#byDevice.set(device, volume && new SharedVolume(volume));
    }
    const known = this.#byDevice.get(device);
    return known?.failure === undefined ? known : undefined;
  }

  closeAll(): void {
    for (const volume of this.#byDevice.values()) volume?.close();
    this.#byDevice.clear();
  }
}

/** A volume that vouches for files which were closed without having been synced. */
export class SharedVolume {
  readonly #volume: Volume;
  /**
   * Why it vouches for nothing any more. The system tells of a loss once: whose it was is not known, so it stays true for all that was
   * not synced by then.
   */
  failure: unknown;

  constructor(volume: Volume) {
    this.#volume = volume;
  }

  /** @throws JetStreamError from the first failure on at each call */
  sync(): void {
    if (this.failure === undefined) {
      try {
        this.#volume.sync();
        return;
      } catch (error) {
        this.failure = error;
      }
    }
    throw this.failure;
  }

  close(): void {
    this.#volume.close();
  }
}

/** Up to so many files or directories are synced one by one: that waits for nothing that others wrote. */
const ONE_BY_ONE = 8;

interface OnVolume {
  readonly volume: SharedVolume | undefined;
  readonly needsVolume?: boolean;
}

/** Syncs each volume that many of these are on, or that one of them needs. @returns those that are durable by that */
export function syncVolumes<T extends OnVolume>(items: readonly T[]): T[] {
  const groups = new Map<SharedVolume, T[]>();
  for (const item of items) {
    if (item.volume === undefined) continue;
    const group = groups.get(item.volume);
    if (group === undefined) groups.set(item.volume, [item]);
    else group.push(item);
  }
  const durable: T[] = [];
  for (const [volume, group] of groups) {
    if (group.length <= ONE_BY_ONE && !group.some(({ needsVolume }) => needsVolume)) continue;
    try {
      volume.sync();
      durable.push(...group);
    } catch (error) {
      asFileFailure(error);
    }
  }
  return durable;
}
