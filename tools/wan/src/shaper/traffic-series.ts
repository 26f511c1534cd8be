/** What happened in each interval of `bucketMs`, from the beginning. */
export interface SeriesReport {
  bucketMs: number;
  deliveredBytes: number[];
  /** Deepest in the interval. */
  queueBytes: number[];
  /** Packets. */
  droppedByQueue: number[];
  droppedAtRandom: number[];
  /** The latest packet of the interval was later than due by so much; 0 with netem. */
  lateMs: number[];
}

/**
 * Traffic over time in a bounded number of intervals: when they are used up, neighbours become one and the width doubles.
 */
export class TrafficSeries {
  readonly #capacity: number;
  readonly #deliveredBytes: Float64Array;
  readonly #queueBytes: Float64Array;
  readonly #droppedByQueue: Float64Array;
  readonly #droppedAtRandom: Float64Array;
  readonly #lateUs: Float64Array;
  #bucketUs: number;
  #length = 0;
  #queuedBytes = 0;
  #queueBucket = 0;

  /** @param capacity even; default 65,536 intervals, which is an hour in steps of 50 ms */
  constructor(bucketUs: number, capacity = 65_536) {
    this.#bucketUs = bucketUs;
    this.#capacity = capacity;
    this.#deliveredBytes = new Float64Array(capacity);
    this.#queueBytes = new Float64Array(capacity);
    this.#droppedByQueue = new Float64Array(capacity);
    this.#droppedAtRandom = new Float64Array(capacity);
    this.#lateUs = new Float64Array(capacity);
  }

  delivered(timeUs: number, bytes: number, lateUs = 0): void {
    const bucket = this.#bucketOf(timeUs);
    this.#deliveredBytes[bucket]! += bytes;
    if (lateUs > this.#lateUs[bucket]!) this.#lateUs[bucket] = lateUs;
  }

  droppedByQueue(timeUs: number, packets = 1): void {
    const bucket = this.#bucketOf(timeUs);
    this.#droppedByQueue[bucket]! += packets;
  }

  droppedAtRandom(timeUs: number, packets = 1): void {
    const bucket = this.#bucketOf(timeUs);
    this.#droppedAtRandom[bucket]! += packets;
  }

  /** The queue holds `bytes` from `timeUs` on. Times of this call do not go back. */
  queue(timeUs: number, bytes: number): void {
    const bucket = this.#bucketOf(timeUs);
    while (this.#queueBucket < bucket) this.#deepen(++this.#queueBucket, this.#queuedBytes);
    this.#deepen(bucket, bytes);
    this.#queuedBytes = bytes;
  }

  /** @param untilUs the end of the last interval told, if nothing happened after it */
  report(untilUs: number): SeriesReport {
    this.queue(Math.max(untilUs, this.#queueBucket * this.#bucketUs), this.#queuedBytes);
    const told = (series: Float64Array): number[] => Array.from(series.subarray(0, this.#length));
    return {
      bucketMs: this.#bucketUs / 1000,
      deliveredBytes: told(this.#deliveredBytes),
      queueBytes: told(this.#queueBytes),
      droppedByQueue: told(this.#droppedByQueue),
      droppedAtRandom: told(this.#droppedAtRandom),
      lateMs: told(this.#lateUs).map((lateUs) => lateUs / 1000),
    };
  }

  #deepen(bucket: number, bytes: number): void {
    if (bytes > this.#queueBytes[bucket]!) this.#queueBytes[bucket] = bytes;
  }

  #bucketOf(timeUs: number): number {
    let bucket = Math.floor(timeUs / this.#bucketUs);
    while (bucket >= this.#capacity) {
      this.#halve();
      bucket = Math.floor(timeUs / this.#bucketUs);
    }
    if (bucket >= this.#length) this.#length = bucket + 1;
    return bucket;
  }

  #halve(): void {
    const half = this.#capacity / 2;
    const add = (one: number, other: number): number => one + other;
    merge(this.#deliveredBytes, half, add);
    merge(this.#queueBytes, half, Math.max);
    merge(this.#droppedByQueue, half, add);
    merge(this.#droppedAtRandom, half, add);
    merge(this.#lateUs, half, Math.max);
    this.#length = Math.ceil(this.#length / 2);
    this.#queueBucket >>= 1;
    this.#bucketUs *= 2;
  }
}

function merge(series: Float64Array, half: number, join: (one: number, other: number) => number): void {
  for (let i = 0; i < half; i++) series[i] = join(series[2 * i]!, series[2 * i + 1]!);
  series.fill(0, half);
}
