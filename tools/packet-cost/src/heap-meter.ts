import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { median } from './median.ts';

export interface HeapReport {
  /** Put on this thread's JS heap for each packet, the median of all laps. */
  bytesPerPacket: number;
  /** What is left of it after a collection; undefined when Node was not told `--expose-gc`. */
  retainedBytes: number | undefined;
  collections: number;
  collectionMs: number;
}

/** Bytes put on this thread's JS heap, and garbage collections. */
export class HeapMeter {
  private readonly laps: number[] = [];
  private lapBytes = 0;
  private collections = 0;
  private collectionMs = 0;
  private firstBytes = 0;
  private lastBytes = 0;
  private startedMs = 0;
  private readonly observer: PerformanceObserver;

  constructor() {
    this.observer = new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        if (startTime < this.startedMs) continue;
        this.collections += 1;
        this.collectionMs += duration;
      }
    });
    this.observer.observe({ entryTypes: ['gc'] });
  }

  start(): void {
    globalThis.gc?.();
    this.startedMs = performance.now();
    this.firstBytes = heapBytes();
    this.lastBytes = this.firstBytes;
  }

  /** To be called often: a collection hides what was allocated since the call before it. */
  sample(): void {
    const bytes = heapBytes();
    this.lapBytes += Math.max(0, bytes - this.lastBytes);
    this.lastBytes = bytes;
  }

  /** Ends a lap in which so many packets passed. */
  lap(packets: number): void {
    this.laps.push(this.lapBytes / packets);
    this.lapBytes = 0;
  }

  /** Waits until the last collections are known. */
  async finish(): Promise<HeapReport> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.observer.disconnect();
    globalThis.gc?.();
    return {
      bytesPerPacket: median(this.laps),
      retainedBytes: globalThis.gc === undefined ? undefined : heapBytes() - this.firstBytes,
      collections: this.collections,
      collectionMs: this.collectionMs,
    };
  }
}

function heapBytes(): number {
  return getHeapStatistics().used_heap_size;
}
