import { PAGE_BYTES, type PagedContent } from './paged-content.ts';
import type { Errno } from './system-error.ts';

export interface RoomOptions {
  /** Content that a volume takes before ENOSPC; default: any amount. */
  capacityBytes?: number;
  /** Content that the account may have before EDQUOT; default: any amount. */
  quotaBytes?: number;
  /** Content that its disk has room for: what it took beyond that is found to be lost at write-back. Default: any amount. */
  diskBytes?: number;
}

/** How much content a volume takes, and how much it has. */
export class Room {
  readonly #options: RoomOptions;
  #cachedPages = 0;
  #diskPages = 0;

  /** @param options may change at any time */
  constructor(options: RoomOptions) {
    this.#options = options;
  }

  get freePages(): number {
    const { capacityBytes = Number.POSITIVE_INFINITY, quotaBytes = Number.POSITIVE_INFINITY } = this.#options;
    return Math.floor(Math.min(capacityBytes, quotaBytes) / PAGE_BYTES) - this.#cachedPages;
  }

  /** What a write is refused with that does not fit. */
  get refusal(): Errno {
    const { capacityBytes = Number.POSITIVE_INFINITY, quotaBytes = Number.POSITIVE_INFINITY } = this.#options;
    return quotaBytes < capacityBytes ? 'EDQUOT' : 'ENOSPC';
  }

  hasOnDisk(content: PagedContent): boolean {
    const { diskBytes = Number.POSITIVE_INFINITY } = this.#options;
    return (this.#diskPages + content.pagesToAllocate) * PAGE_BYTES <= diskBytes;
  }

  /** Changes a content, which may have other pages then. */
  recount(content: PagedContent, change: () => void): void {
    this.release(content);
    change();
    this.take(content);
  }

  take(content: PagedContent): void {
    this.#cachedPages += content.cachedPages;
    this.#diskPages += content.diskPages;
  }

  release(content: PagedContent): void {
    this.#cachedPages -= content.cachedPages;
    this.#diskPages -= content.diskPages;
  }

  empty(): void {
    this.#cachedPages = 0;
    this.#diskPages = 0;
  }
}
