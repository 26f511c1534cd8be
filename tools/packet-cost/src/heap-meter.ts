import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** Bytes put on this thread's JS heap, and garbage collections. */
export class HeapMeter {
  allocatedBytes = 0;
  collections = 0;
  collectionMs = 0;
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
    this.startedMs = performance.now();
    this.lastBytes = getHeapStatistics().used_heap_size;
  }

  /** To be called often: a collection hides what was allocated since the call before it. */
  sample(): void {
    this.allocatedBytes += Math.max(0, getHeapStatistics().used_heap_size - this.lastBytes);
    this.lastBytes = getHeapStatistics().used_heap_size;
  }

  /** Waits until the last collections are known. */
  async finish(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.observer.disconnect();
  }
}
