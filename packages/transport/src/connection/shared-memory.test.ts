import { describe, expect, it } from 'vitest';
import { BulkSink, BulkSource, drain, fullBlocks } from '../testing/bulk-applications.ts';
import { connectedPair } from '../testing/connected-pair.ts';
import { CountingPool } from '../testing/counting-pool.ts';
import { VirtualPath } from '../testing/virtual-path.ts';
import { BlockBudget } from './bulk/block-budget.ts';

const MBIT = 125_000;
const POOL_BLOCKS = 128;
const SLICE_US = 50_000;

/** Uploads to one server, each on a connection and a path of its own, with the server's block pool in common. */
class Uploads {
  readonly pool = new CountingPool(POOL_BLOCKS);
  readonly sinks: BulkSink[] = [];
  private readonly budget = new BlockBudget(POOL_BLOCKS);
  private readonly paths: VirtualPath[] = [];

  /** @param delayUs one way; long: it wants all the credit it can get */
  begin(delayUs: number, blocks: number, releases: boolean): BulkSink {
    const pair = connectedPair({
      seed: this.paths.length + 1,
      nowUs: this.nowUs,
      serverPool: this.pool,
      serverBudget: this.budget,
    });
    const path = new VirtualPath(pair, { delayUs, rateBytesPerSecond: 400 * MBIT }, this.nowUs);
    const source = new BulkSource(pair.client, 1, fullBlocks(blocks));
    const sink = new BulkSink(pair.server, 1, fullBlocks(blocks), 1000);
    sink.releases = releases;
    path.onStep = () => {
      drain(pair.client, source);
      drain(pair.server, sink);
    };
    this.sinks.push(sink);
    this.paths.push(path);
    return sink;
  }

  get nowUs(): number {
    return this.paths[0]?.nowUs ?? 0;
  }

  run(isDone: () => boolean, limitUs: number): boolean {
    for (const endUs = this.nowUs + limitUs; this.nowUs < endUs && !isDone(); ) {
      for (const path of this.paths) path.run(() => false, SLICE_US);
    }
    return isDone();
  }
}

describe('Block memory that connections share', () => {
  it('is never promised twice: a slow disk closes the window, and no packet is dropped', () => {
    const uploads = new Uploads();
    for (let i = 0; i < 5; i++) uploads.begin(100_000, 40, false);
    uploads.run(() => false, 6_000_000);
    const held = uploads.sinks.map((sink) => sink.held.length);
    // All have their windows full, the later ones smaller ones.
    expect(Math.min(...held)).toBeGreaterThanOrEqual(POOL_BLOCKS / 32);
    expect(uploads.pool.outstanding).toBeGreaterThan(POOL_BLOCKS / 2);
    expect(uploads.pool.refusals).toBe(0);
    for (const sink of uploads.sinks) {
      sink.releases = true;
      sink.releaseHeld();
    }
    expect(uploads.run(() => uploads.sinks.every(({ isDone }) => isDone), 60_000_000)).toBe(true);
    expect([uploads.pool.refusals, uploads.pool.outstanding]).toEqual([0, 0]);
  });

  it('leaves enough for a transfer beside others whose disks hang', () => {
    const alone = new Uploads();
    const first = alone.begin(10_000, 24, true);
    alone.run(() => first.isDone, 60_000_000);

    const crowd = new Uploads();
    for (let i = 0; i < 4; i++) crowd.begin(10_000, 40, false);
    crowd.run(() => false, 6_000_000);
    const beganUs = crowd.nowUs;
    const late = crowd.begin(10_000, 24, true);
    expect(crowd.run(() => late.isDone, 60_000_000)).toBe(true);
    expect(crowd.nowUs - beganUs).toBeLessThanOrEqual(1.3 * alone.nowUs + SLICE_US);
    expect(crowd.pool.refusals).toBe(0);
  });
});
