import { describe, expect, it } from 'vitest';
import { BulkSink, BulkSource, drain, fullBlocks } from '../testing/bulk-applications.ts';
import { connectedPair } from '../testing/connected-pair.ts';
import { VirtualPath } from '../testing/virtual-path.ts';

describe('TransportConnection', () => {
  it('carries blocks', () => {
    const pair = connectedPair();
    const path = new VirtualPath(pair, { loss: 0.02, rateBytesPerSecond: 12_500_000 });
    const lengths = fullBlocks(20);
    const source = new BulkSource(pair.client, 1, lengths);
    const sink = new BulkSink(pair.server, 1, lengths);
    path.onStep = () => {
      drain(pair.client, source);
      drain(pair.server, sink);
    };
    const done = path.run(() => source.isDone && sink.isDone, 60_000_000);
    expect(done).toBe(true);
    expect(sink.wrong).toEqual([]);
  });
});
