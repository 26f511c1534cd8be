import { BLOCK_BYTES } from '@jetstream/protocol';

/** A file with its place in the address space. */
export interface Placed {
  /** Address of the first byte. */
  readonly address: number;
  /** Bytes; above 0. */
  readonly size: number;
}

/** The part of one file in one block. */
export interface Chunk {
  /** Position among the file's chunks, from 0. */
  number: number;
  /** Of the chunk's first byte. */
  offsetInFile: number;
  offsetInBlock: number;
  byteLength: number;
}

export function chunkIn(file: Placed, block: number): Chunk {
  const start = block * BLOCK_BYTES;
  const from = Math.max(start, file.address);
  const to = Math.min(start + BLOCK_BYTES, file.address + file.size);
  return {
    number: block - Math.floor(file.address / BLOCK_BYTES),
    offsetInFile: from - file.address,
    offsetInBlock: from - start,
    byteLength: to - from,
  };
}

export function chunkCount(file: Placed): number {
  return lastBlockOf(file) - Math.floor(file.address / BLOCK_BYTES) + 1;
}

function lastBlockOf(file: Placed): number {
  return Math.floor((file.address + file.size - 1) / BLOCK_BYTES);
}

/**
 * Files that share blocks: small ones in one block, or one of many blocks and then those after its tail. The layout never lets a file
 * begin in one group and end in another.
 */
interface Group<T> {
  readonly firstBlock: number;
  lastBlock: number;
  readonly files: T[];
  unsettled: number;
}

/** One with unsettled files; only the first file can have more blocks than one. */
export type UnsettledGroup<T> = Readonly<Pick<Group<T>, 'firstBlock' | 'lastBlock'>> & {
  readonly files: readonly T[];
};

/**
 * Finds the files of a block. Forgets a group of files once all of them are settled, so that memory follows what is on
 * its way, not the size of the manifest.
 */
export class BlockIndex<T extends Placed> {
  #groups: Group<T>[] = [];
  #deadGroups = 0;

  /** Adds the next file of the layout; empty files have no place in it. */
  add(file: T): void {
    const firstBlock = Math.floor(file.address / BLOCK_BYTES);
    const last = this.#groups.at(-1);
    if (last?.lastBlock === firstBlock) {
      last.files.push(file);
      last.unsettled++;
      return;
    }
    this.#groups.push({ firstBlock, lastBlock: lastBlockOf(file), files: [file], unsettled: 1 });
    if (last?.unsettled === 0) this.#bury();
  }

  /** The file needs no bytes any more. Call once for each. */
  settle(file: T): void {
    const group = this.#find(Math.floor(file.address / BLOCK_BYTES));
    if (group === undefined) return;
    group.unsettled--;
    // The last group may still grow: its files, settled or not, keep their places.
    if (group.unsettled === 0 && group !== this.#groups.at(-1)) this.#bury();
  }

  /** Files with bytes in the block, in order of address, settled ones too; empty for a block not (or no longer) known. */
  filesIn(block: number): readonly T[] {
    const group = this.#find(block);
    if (group === undefined) return [];
    return block === group.lastBlock ? group.files : group.files.slice(0, 1);
  }

  /** The group that has this block, or else the next one, passing over those that are settled. */
  groupFrom(block: number): UnsettledGroup<T> | undefined {
    for (let at = Math.max(0, this.#countUpTo(block) - 1); at < this.#groups.length; at++) {
      const group = this.#groups[at]!;
      if (group.lastBlock >= block && group.unsettled > 0) return group;
    }
    return undefined;
  }

  #find(block: number): Group<T> | undefined {
    const group = this.#groups[this.#countUpTo(block) - 1];
    return group !== undefined && block <= group.lastBlock ? group : undefined;
  }

  /** How many groups begin at or before the block. */
  #countUpTo(block: number): number {
    let low = 0;
    let high = this.#groups.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#groups[middle]!.firstBlock <= block) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #bury(): void {
    this.#deadGroups++;
    if (this.#deadGroups * 2 <= this.#groups.length) return;
    const last = this.#groups.at(-1);
    this.#groups = this.#groups.filter((group) => group.unsettled > 0 || group === last);
    this.#deadGroups = 0;
  }
}
