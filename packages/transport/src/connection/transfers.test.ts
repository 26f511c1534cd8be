import type { RatePolicy } from '@jetstream/congestion';
import { checkInvariants } from '@jetstream/congestion';
import { nodeAead } from '@jetstream/handshake/testing';
import { BLOCK_BYTES } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BulkSink, BulkSource, drain, fullBlocks } from '../testing/bulk-applications.ts';
import { type ConnectedPair, type ConnectedPairOptions, connectedPair } from '../testing/connected-pair.ts';
import { CountingPool } from '../testing/counting-pool.ts';
import { StreamSink, StreamSource } from '../testing/stream-applications.ts';
import { VirtualPath, type VirtualPathOptions } from '../testing/virtual-path.ts';
import type { TransportConnection } from './connection.ts';
import type { EstablishedSession } from './established-session.ts';

const MBIT = 125_000;

/** Blocks up on transfer 1, blocks down on transfer 2, stream bytes both ways, over one path. */
class Exchange {
  readonly clientPool = new CountingPool(256);
  readonly serverPool = new CountingPool(256);
  readonly pair: ConnectedPair;
  readonly path: VirtualPath;
  readonly sources: BulkSource[];
  readonly sinks: BulkSink[];
  readonly streamSinks: StreamSink[];
  readonly closeCodes: string[] = [];

  constructor(
    options: { up: number[]; down: number[]; streamBytes: number },
    pathOptions: VirtualPathOptions,
    pairOptions: ConnectedPairOptions = {},
  ) {
    const { up, down, streamBytes } = options;
    this.pair = connectedPair({ clientPool: this.clientPool, serverPool: this.serverPool, ...pairOptions });
    const { client, server } = this.pair;
    this.path = new VirtualPath(this.pair, pathOptions);
    // A server may speak of a transfer only when the client has opened it.
    const streams = [
      new StreamSource(client, 0, streamBytes, 1),
      new StreamSource(client, 1, streamBytes, 2),
      new StreamSource(server, 0, streamBytes, 3),
    ];
    this.sources = [new BulkSource(client, 1, up), new BulkSource(server, 2, down)];
    this.sinks = [new BulkSink(server, 1, up), new BulkSink(client, 2, down)];
    this.streamSinks = [
      new StreamSink(server, 0, streamBytes),
      new StreamSink(server, 1, streamBytes),
      new StreamSink(client, 0, streamBytes),
    ];
    this.path.onStep = () => {
      const atClient = [this.sources[0]!, this.sinks[1]!, this.streamSinks[2]!, streams[0]!, streams[1]!];
      const atServer = [
        this.sources[1]!,
        this.sinks[0]!,
        this.streamSinks[0]!,
        this.streamSinks[1]!,
        streams[2]!,
      ];
      for (const event of [...drain(client, ...atClient), ...drain(server, ...atServer)]) {
        if (event.type === 'closed') this.closeCodes.push(event.code);
      }
      checkState(client);
      checkState(server);
    };
  }

  get isDone(): boolean {
    const parts = [...this.sources, ...this.sinks, ...this.streamSinks];
    return this.closeCodes.length > 0 || parts.every((part) => part.isDone);
  }

  expectComplete(): void {
    expect(this.closeCodes).toEqual([]);
    expect([...this.sources, ...this.sinks, ...this.streamSinks].map(({ isDone }) => isDone)).toEqual(
      Array.from({ length: 7 }, () => true),
    );
    expect(this.sinks.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(this.streamSinks.map(({ wrongBytes }) => wrongBytes)).toEqual([0, 0, 0]);
    expect([this.clientPool.outstanding, this.serverPool.outstanding]).toEqual([0, 0]);
  }
}

function sessionOf(connection: TransportConnection): EstablishedSession {
  return (connection as unknown as { session: EstablishedSession }).session;
}

function checkState(connection: TransportConnection): void {
  const { recovery } = sessionOf(connection).parts;
  checkInvariants(recovery.controller, recovery.datagramBytes);
  if (!(recovery.loss.bytesInFlight >= 0)) throw new Error(`bytesInFlight is ${recovery.loss.bytesInFlight}`);
}

const total = (lengths: number[]): number => lengths.reduce((sum, length) => sum + length, 0);

describe('Transfers', () => {
  it('end with equal bytes over any path, both ways at once', () => {
    const pathOptions = fc.record({
      seed: fc.nat(2 ** 31),
      delayUs: fc.integer({ min: 50, max: 150_000 }),
      jitterUs: fc.constantFrom(0, 0, 500, 20_000),
      loss: fc.constantFrom(0, 0.01, 0.05, 0.15, 0.3),
      duplication: fc.constantFrom(0, 0, 0.02, 0.5),
      rateBytesPerSecond: fc.constantFrom(10 * MBIT, 100 * MBIT, 1000 * MBIT),
      queueBytes: fc.constantFrom(20_000, 200_000),
    });
    const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 60_000 }), fc.constantFrom(1, BLOCK_BYTES)), {
      minLength: 0,
      maxLength: 4,
    });
    const congestion = fc.constantFrom('bbr' as const, 'cubic' as const);
    fc.assert(
      fc.property(
        pathOptions,
        lengths,
        lengths,
        fc.nat(100_000),
        congestion,
        (path, up, down, streamBytes, name) => {
          const exchange = new Exchange({ up, down, streamBytes }, path, {
            seed: path.seed,
            idleTimeoutMs: 600_000,
            settings: { congestion: name },
          });
          exchange.path.run(() => exchange.isDone, 3_600_000_000);
          exchange.expectComplete();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('count what they sent, sent again and had acknowledged', () => {
    const up = fullBlocks(12);
    const path = { loss: 0.02, rateBytesPerSecond: 100 * MBIT, delayUs: 20_000 };
    const exchange = new Exchange({ up, down: [], streamBytes: 0 }, path);
    exchange.path.run(() => exchange.isDone, 60_000_000);
    exchange.expectComplete();
    const stats = exchange.pair.client.stats();
    expect(stats.bulkBytesSent).toBe(total(up));
    expect(stats.bulkBytesAcked).toBe(total(up));
    // What is lost goes again, and at the end once more.
    const repeatedBytes = 64 * 1024 + total(up) / 256;
    expect(stats.bulkBytesResent).toBeLessThanOrEqual(stats.packetsLost * 1472 + repeatedBytes);
    expect(stats.packetsSpuriouslyLost).toBe(0);
    expect(stats.packetsLost / stats.packetsSent).toBeLessThan(0.15);
    expect(stats.bytesReceived).toBeLessThan(stats.bytesSent / 50);
    expect(stats.minRttUs).toBeGreaterThanOrEqual(40_000);
    expect(stats.smoothedRttUs).toBeLessThan(80_000);
    expect(stats.limiter).toBe('congestion');
    expect(exchange.pair.server.stats().bulkBytesSent).toBe(0);
  });

  it('use most of a path', () => {
    const up = fullBlocks(40);
    const path = { rateBytesPerSecond: 200 * MBIT, delayUs: 20_000, loss: 0.01, queueBytes: 1_000_000 };
    const exchange = new Exchange({ up, down: [], streamBytes: 0 }, path);
    exchange.path.run(() => exchange.isDone, 60_000_000);
    exchange.expectComplete();
    const share = total(up) / ((exchange.path.nowUs / 1e6) * path.rateBytesPerSecond);
    expect(share).toBeGreaterThan(0.75);
  });

  it('work under real encryption, with key updates on the way', () => {
    const path = { loss: 0.03, jitterUs: 3000, rateBytesPerSecond: 100 * MBIT };
    const exchange = new Exchange({ up: fullBlocks(2), down: fullBlocks(1), streamBytes: 50_000 }, path, {
      aead: nodeAead,
      settings: { keyUpdatePackets: 200 },
    });
    exchange.path.run(() => exchange.isDone, 60_000_000);
    exchange.expectComplete();
    expect(sessionOf(exchange.pair.client).parts.keys.protection.sendPhase).toBeGreaterThan(3);
    expect(exchange.pair.server.stats().forgedPackets).toBe(0);
  });

  it('take turns on one connection', () => {
    const pair = connectedPair();
    const path = new VirtualPath(pair, { rateBytesPerSecond: 100 * MBIT });
    const lengths = fullBlocks(6);
    const sources = [1, 2, 3].map((id) => new BulkSource(pair.client, id, lengths));
    const sinks = [1, 2, 3].map((id) => new BulkSink(pair.server, id, lengths));
    path.onStep = () => {
      drain(pair.client, ...sources);
      drain(pair.server, ...sinks);
    };
    path.run(() => sinks.some(({ isDone }) => isDone), 60_000_000);
    for (const { received } of sinks) expect(received.length).toBeGreaterThanOrEqual(5);
    path.run(() => sinks.every(({ isDone }) => isDone), 60_000_000);
    expect(sinks.flatMap(({ wrong }) => wrong)).toEqual([]);
  });

  it('keep their memory small on a short path and never beyond the bound', () => {
    for (const [delayUs, bound] of [
      [100, 24],
      [50_000, 64],
    ] as const) {
      const serverPool = new CountingPool(1000);
      const pair = connectedPair({ serverPool });
      const path = new VirtualPath(pair, { delayUs, rateBytesPerSecond: 1000 * MBIT, queueBytes: 2_000_000 });
      const lengths = fullBlocks(100);
      const source = new BulkSource(pair.client, 1, lengths);
      const sink = new BulkSink(pair.server, 1, lengths);
      path.onStep = () => {
        drain(pair.client, source);
        drain(pair.server, sink);
      };
      expect(path.run(() => source.isDone && sink.isDone, 60_000_000)).toBe(true);
      expect(serverPool.mostOutstanding).toBeLessThanOrEqual(bound);
    }
  });

  it('do not let anything grow over a long run', () => {
    const pair = connectedPair();
    const path = new VirtualPath(pair, { delayUs: 5000, loss: 0.01, rateBytesPerSecond: 400 * MBIT });
    const lengths = fullBlocks(120);
    const source = new BulkSource(pair.client, 1, lengths);
    const sink = new BulkSink(pair.server, 1, lengths);
    path.onStep = () => {
      drain(pair.client, source);
      drain(pair.server, sink);
    };
    const sizes = (): number[] =>
      [pair.client, pair.server].flatMap((connection) => {
        const { sent } = sessionOf(connection).parts.recovery;
        return [sent.capacity, sent.content.capacity];
      });
    path.run(() => source.acked.length >= 50, 60_000_000);
    const early = sizes();
    expect(path.run(() => source.isDone, 60_000_000)).toBe(true);
    expect(sizes()).toEqual(early);
  });
});

describe('The limiter', () => {
  interface Circumstances {
    path?: VirtualPathOptions;
    blocks?: number;
    runUs?: number;
    maxBlocks?: number;
    /** How long the receiver's disk takes for a block; Infinity: it hangs. */
    diskUsPerBlock?: number;
    ratePolicy?: RatePolicy;
    congestion?: 'bbr' | 'cubic';
  }

  /** Runs an upload and tells what held it. */
  function limiterOf(circumstances: Circumstances): string {
    const { path: options, blocks = 60, runUs = 3_000_000, maxBlocks, diskUsPerBlock = 0 } = circumstances;
    const { congestion = 'bbr' } = circumstances;
    const pair = connectedPair({ serverPool: new CountingPool(64), settings: { congestion } });
    const path = new VirtualPath(pair, { rateBytesPerSecond: 100 * MBIT, ...options });
    const lengths = fullBlocks(blocks);
    const source = new BulkSource(pair.client, 1, lengths);
    const sink = new BulkSink(pair.server, 1, lengths, maxBlocks);
    sink.releases = diskUsPerBlock === 0;
    let diskFreeUs = diskUsPerBlock;
    pair.client.setRatePolicy(0, circumstances.ratePolicy ?? { policy: 'fair' });
    path.onStep = () => {
      drain(pair.client, source);
      drain(pair.server, sink);
      if (path.nowUs < diskFreeUs) return;
      sink.releaseOne();
      diskFreeUs = path.nowUs + diskUsPerBlock;
    };
    path.run(() => false, runUs);
    const { limiter } = pair.client.stats();
    expect(pair.client.transferLimiter(1)).toBe(limiter);
    expect(pair.server.transferLimiter(1)).toBe('none');
    return limiter;
  }

  it('is congestion on a full path', () => {
    expect(limiterOf({})).toBe('congestion');
  });

  it('is the cap when there is a lower one, and the target of a fixed rate', () => {
    const rates: RatePolicy[] = [
      { policy: 'fair', capBytesPerSecond: 10 * MBIT },
      { policy: 'fixed', targetBytesPerSecond: 10 * MBIT },
    ];
    for (const ratePolicy of rates)
      expect(limiterOf({ ratePolicy, blocks: 20, runUs: 4_000_000 })).toBe('pacing-cap');
  });

  it("is the peer's storage when that is slow or hangs", () => {
    expect(limiterOf({ diskUsPerBlock: 1_000_000, runUs: 6_000_000 })).toBe('peer-storage');
    expect(limiterOf({ diskUsPerBlock: Number.POSITIVE_INFINITY, runUs: 6_000_000 })).toBe('peer-storage');
  });

  it("is the peer's credit when its window is too small for the path", () => {
    expect(
      limiterOf({ maxBlocks: 2, path: { delayUs: 300_000, queueBytes: 2_000_000 }, runUs: 8_000_000 }),
    ).toBe('peer-credit');
  });

  it('is the application when it offers nothing', () => {
    expect(limiterOf({ blocks: 2, runUs: 4_000_000 })).toBe('application');
  });

  it('is the CPU when the thread comes late again and again', () => {
    expect(limiterOf({ path: { turnUs: 10_000 }, congestion: 'cubic' })).toBe('cpu');
  });

  it('is told of each transfer by itself', () => {
    const pair = connectedPair({ serverPool: new CountingPool(64) });
    const path = new VirtualPath(pair, { rateBytesPerSecond: 100 * MBIT });
    const sources = [60, 60, 1].map((blocks, i) => new BulkSource(pair.client, i + 1, fullBlocks(blocks)));
    const sinks = [60, 60, 1].map((blocks, i) => new BulkSink(pair.server, i + 1, fullBlocks(blocks), 16));
    sinks[1]!.releases = false;
    path.onStep = () => {
      drain(pair.client, ...sources);
      drain(pair.server, ...sinks);
    };
    path.run(() => false, 4_500_000);
    const limiters = [1, 2, 3, 4].map((transfer) => pair.client.transferLimiter(transfer));
    expect(limiters).toEqual(['congestion', 'peer-storage', 'application', 'none']);
    expect(pair.client.stats().limiter).toBe('congestion');
  });
});
