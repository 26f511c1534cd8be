/** Names of files in a directory. Packed, they take little more memory than their letters, and are to be unpacked before use. */
export class TakenNames {
  #names = new Set<string>();
  #packed: string | undefined;

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(name: string): void {
    this.#names.add(name);
  }

  pack(): void {
    if (this.#names.size > 0) this.#packed = [...this.#names].join('/');
    this.#names = new Set();
  }

  unpack(): void {
    if (this.#packed === undefined) return;
    this.#names = new Set(this.#packed.split('/'));
    this.#packed = undefined;
  }
}

/** Keeps those packed that nobody has used for so long that to unpack them costs no more than what was done meanwhile. */
export class NamePacker {
  /** When each that is not packed was last used; longest ago first. */
  readonly #unpacked = new Map<TakenNames, number>();
  #uses = 0;

  /** @returns the same, to be used at once */
  use(names: TakenNames): TakenNames {
    names.unpack();
    this.#uses++;
    this.#unpacked.delete(names);
    this.#unpacked.set(names, this.#uses);
    const [oldest, usedAt] = this.#unpacked.entries().next().value!;
    if (this.#uses - usedAt > oldest.size) {
      oldest.pack();
      this.#unpacked.delete(oldest);
    }
    return names;
  }
}
