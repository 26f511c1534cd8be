/** A line of `node --trace-gc`. Sizes of the heap of one thread, in MB, before and after. */
export interface Collection {
  /** The heap of a thread: its address. */
  isolate: string;
  /** Since the thread began. */
  atMs: number;
  beforeMB: number;
  afterMB: number;
}

const LINE = /^\[\d+:(0x[0-9a-f]+)\]\s+(\d+) ms: [A-Z][^\d]*([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB/gm;

export function collectionsIn(output: string): Collection[] {
  return [...output.matchAll(LINE)].map(([, isolate, atMs, beforeMB, afterMB]) => ({
    isolate: isolate!,
    atMs: Number(atMs),
    beforeMB: Number(beforeMB),
    afterMB: Number(afterMB),
  }));
}

export interface HeapFigures {
  /** By all threads: what each heap grew by between two collections. */
  allocatedMB: number;
  /** Of all threads: what is left after the last collection less what was left after the first. */
  grownMB: number;
}

/**
 * What a process allocated in JavaScript, from a time on.
 * @param output with the lines of `--trace-gc`
 * @param fromMs since the process began: what it allocates to start does not count
 */
export function heapFigures(output: string, fromMs: number): HeapFigures {
  const figures: HeapFigures = { allocatedMB: 0, grownMB: 0 };
  const collections = collectionsIn(output).filter(({ atMs }) => atMs >= fromMs);
  for (const isolate of new Set(collections.map((collection) => collection.isolate))) {
    const own = collections.filter((collection) => collection.isolate === isolate);
    own.forEach(({ beforeMB }, index) => {
      if (index > 0) figures.allocatedMB += Math.max(0, beforeMB - own[index - 1]!.afterMB);
    });
    figures.grownMB += own.at(-1)!.afterMB - own[0]!.afterMB;
  }
  return figures;
}
