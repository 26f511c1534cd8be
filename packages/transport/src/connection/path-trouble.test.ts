import { BLOCK_BYTES, writePathResponse, writePing } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import type { ConnectionEvent } from '../contract.ts';
import { BulkSink, BulkSource, drain, fullBlocks } from '../testing/bulk-applications.ts';
import { type ConnectedPair, type ConnectedPairOptions, connectedPair } from '../testing/connected-pair.ts';
import { framesOf, ScriptedPeer } from '../testing/scripted-peer.ts';
import { VirtualPath, type VirtualPathOptions } from '../testing/virtual-path.ts';

const MBIT = 125_000;

/** An upload of full blocks over a path. */
class Upload {
  readonly pair: ConnectedPair;
  readonly path: VirtualPath;
  readonly source: BulkSource;
  readonly sink: BulkSink;
  readonly events: ConnectionEvent[] = [];

  constructor(blocks: number, pathOptions: VirtualPathOptions, pairOptions: ConnectedPairOptions = {}) {
    this.pair = connectedPair(pairOptions);
    this.path = new VirtualPath(this.pair, pathOptions);
    const lengths = fullBlocks(blocks);
    this.source = new BulkSource(this.pair.client, 1, lengths);
    this.sink = new BulkSink(this.pair.server, 1, lengths);
    this.path.onStep = () => {
      this.events.push(...drain(this.pair.client, this.source), ...drain(this.pair.server, this.sink));
    };
  }

  run(limitUs: number): boolean {
    return this.path.run(() => this.source.isDone && this.sink.isDone, limitUs);
  }

  ofType<Type extends ConnectionEvent['type']>(type: Type): Extract<ConnectionEvent, { type: Type }>[] {
    return this.events.filter((event) => event.type === type) as Extract<ConnectionEvent, { type: Type }>[];
  }
}

describe('Probe timeout', () => {
  it('[RC-1] sends two packets with the oldest unacknowledged bytes, and declares nothing lost', () => {
    const peer = new ScriptedPeer('server');
    peer.take();
    peer.connection.openBulkSender(1);
    peer.connection.offerBlock(1, 0, new Uint8Array(20_000).fill(3));
    const first = framesOf(peer.advance(1000), 'data');
    const probes = peer.advance(1_000_000);
    expect(probes).toHaveLength(2);
    const probed = framesOf(probes, 'data').map(({ address }) => address);
    expect(probed[0]).toBe(first[0]!.address);
    expect(peer.connection.stats().packetsLost).toBe(0);
  });

  it('[RC-1] sends two packets each time, ever more rarely', () => {
    const peer = new ScriptedPeer('server');
    peer.connection.openBulkSender(1);
    peer.connection.offerBlock(1, 0, new Uint8Array(20_000));
    peer.advance(100_000);
    const times = peer.advance(20_000_000).map(({ atUs }) => atUs);
    const gaps = times.slice(2).flatMap((atUs, i) => (i % 2 === 0 ? [atUs - times[i]!] : []));
    expect(new Set(times).size).toBe(times.length / 2);
    for (let i = 1; i < gaps.length; i++) expect(gaps[i]!).toBeGreaterThanOrEqual(gaps[i - 1]!);
    expect(Math.max(...gaps)).toBe(5_000_000);
  });

  it('is not waited for when the application asks for a sign of life, nor is the congestion window', () => {
    const peer = new ScriptedPeer('server');
    peer.connection.openBulkSender(1);
    peer.connection.offerBlock(1, 0, new Uint8Array(BLOCK_BYTES));
    peer.advance(100_000);
    expect(peer.advance(1000)).toHaveLength(0);
    peer.connection.ping(peer.nowUs);
    expect(peer.advance(1000)).toHaveLength(1);
  });

  it('recovers the loss of the very last packets', () => {
    const upload = new Upload(1, { delayUs: 20_000 });
    let dropped = 0;
    upload.path.drop = (direction) => {
      const isTail = direction === 'up' && upload.pair.client.stats().bulkBytesSent === BLOCK_BYTES;
      if (!isTail || dropped === 5) return false;
      dropped += 1;
      return true;
    };
    expect(upload.run(2_000_000)).toBe(true);
    expect(dropped).toBe(5);
    expect(upload.sink.wrong).toEqual([]);
  });

  it('recovers a lost credit', () => {
    const upload = new Upload(40, { delayUs: 5000, rateBytesPerSecond: 400 * MBIT });
    // Whatever follows a block's release is lost: its credit and the ACK with it.
    const cut = new Map<number, number>();
    upload.path.drop = (direction) => {
      const count = cut.get(upload.sink.received.length) ?? 0;
      if (direction === 'up' || count >= 3) return false;
      cut.set(upload.sink.received.length, count + 1);
      return true;
    };
    expect(upload.run(30_000_000)).toBe(true);
  });
});

describe('An outage', () => {
  it('of five seconds is survived, and the rate comes back', () => {
    const upload = new Upload(60, { delayUs: 20_000, rateBytesPerSecond: 100 * MBIT });
    upload.path.drop = (_direction, _bytes, nowUs) => nowUs > 2_000_000 && nowUs < 7_000_000;
    expect(upload.run(30_000_000)).toBe(true);
    expect(upload.sink.wrong).toEqual([]);
    expect(upload.path.nowUs).toBeLessThan(20_000_000);
  });

  it('of one direction is survived', () => {
    for (const cut of ['up', 'down'] as const) {
      const upload = new Upload(20, { delayUs: 20_000, rateBytesPerSecond: 100 * MBIT });
      upload.path.drop = (direction, _bytes, nowUs) =>
        direction === cut && nowUs > 500_000 && nowUs < 3_500_000;
      expect(upload.run(30_000_000)).toBe(true);
    }
  });

  it('without end closes both sides after the idle timeout', () => {
    const upload = new Upload(20, { rateBytesPerSecond: 100 * MBIT }, { idleTimeoutMs: 10_000 });
    upload.path.drop = (_direction, _bytes, nowUs) => nowUs > 500_000;
    expect(upload.run(20_000_000)).toBe(false);
    expect(upload.ofType('closed').map(({ code }) => code)).toEqual(['connection-lost', 'connection-lost']);
    expect(upload.path.nowUs).toBeLessThan(21_000_000);
  });
});

describe('A path whose delay jumps', () => {
  it('keeps going', () => {
    const upload = new Upload(30, { delayUs: 500, rateBytesPerSecond: 100 * MBIT });
    upload.path.onSent = () => {
      if (upload.path.nowUs > 500_000) upload.path.options.delayUs = 300_000;
    };
    expect(upload.run(60_000_000)).toBe(true);
    expect(upload.sink.wrong).toEqual([]);
  });
});

describe('Reordering', () => {
  it('is learned: few packets are taken for lost', () => {
    const upload = new Upload(30, {
      delayUs: 20_000,
      jitterUs: 3000,
      rateBytesPerSecond: 200 * MBIT,
      queueBytes: 1e7,
    });
    expect(upload.run(60_000_000)).toBe(true);
    const { packetsSpuriouslyLost, packetsSent } = upload.pair.client.stats();
    expect(packetsSpuriouslyLost / packetsSent).toBeLessThan(0.02);
  });
});

describe('Path MTU', () => {
  it('[PM-1] grows to what the path takes', () => {
    for (const [pathBytes, expected] of [
      [1472, 1472],
      [1400, 1400],
      [1200, 1200],
    ] as const) {
      const upload = new Upload(8, { rateBytesPerSecond: 100 * MBIT });
      upload.path.drop = (_direction, bytes) => bytes.length > pathBytes;
      expect(upload.run(20_000_000)).toBe(true);
      expect(upload.pair.client.stats().datagramBytes).toBe(expected);
    }
  });

  it('[PM-1] grows to 16 KiB where both sides and the path allow', () => {
    const upload = new Upload(30, { delayUs: 100 }, { settings: { maxDatagramBytes: 16_384 } });
    expect(upload.run(20_000_000)).toBe(true);
    expect(upload.pair.client.stats().datagramBytes).toBe(16_384);
  });

  it('[PM-1] tries nothing larger than what makes sense towards the address', () => {
    const asked: string[] = [];
    const maxDatagramBytesTo = (address: string) => {
      asked.push(address);
      return 1452;
    };
    const upload = new Upload(
      10,
      { delayUs: 100 },
      { settings: { maxDatagramBytes: 16_384, maxDatagramBytesTo } },
    );
    expect(upload.run(20_000_000)).toBe(true);
    expect(upload.pair.client.stats().datagramBytes).toBe(1452);
    expect(asked).toContain(upload.pair.client.remoteAddress.address);
  });

  it('[PM-1] takes its lost probes for no congestion', () => {
    const upload = new Upload(10, { delayUs: 20_000 }, { settings: { maxDatagramBytes: 9000 } });
    upload.path.drop = (_direction, bytes) => bytes.length > 1472;
    expect(upload.run(20_000_000)).toBe(true);
    const stats = upload.pair.client.stats();
    expect([stats.packetsLost, stats.bulkBytesResent]).toEqual([0, 0]);
    expect(stats.datagramBytes).toBe(1472);
  });

  it('[PM-1] that shrinks in the middle of a transfer is repaired', () => {
    const upload = new Upload(40, { delayUs: 20_000, rateBytesPerSecond: 100 * MBIT });
    upload.path.drop = (_direction, bytes, nowUs) => nowUs > 1_500_000 && bytes.length > 1400;
    expect(upload.run(30_000_000)).toBe(true);
    expect(upload.sink.wrong).toEqual([]);
    expect(upload.pair.client.stats().datagramBytes).toBe(1400);
    expect(upload.path.nowUs).toBeLessThan(12_000_000);
  });
});

describe('Migration', () => {
  const other = { address: '203.0.113.77', port: 51_000 };

  it('[MG-1] to another address goes on after validation, with nothing lost', () => {
    const upload = new Upload(30, { delayUs: 20_000, rateBytesPerSecond: 100 * MBIT });
    upload.path.onSent = () => {
      if (upload.path.nowUs > 1_000_000) upload.path.clientAddress = other;
    };
    expect(upload.run(30_000_000)).toBe(true);
    expect(upload.ofType('path-changed').map(({ address }) => address)).toEqual([other]);
    expect(upload.pair.server.remoteAddress).toEqual(other);
    expect(upload.sink.wrong).toEqual([]);
  });

  it('[MG-1] of the receiver goes on as well', () => {
    const pair = connectedPair();
    const path = new VirtualPath(pair, { delayUs: 20_000, rateBytesPerSecond: 100 * MBIT });
    const lengths = fullBlocks(20);
    // The server may send on transfer 1 when the client has opened it.
    const sink = new BulkSink(pair.client, 1, lengths);
    const source = new BulkSource(pair.server, 1, lengths);
    path.onStep = () => {
      drain(pair.client, sink);
      drain(pair.server, source);
    };
    path.run(() => sink.received.length > 5, 10_000_000);
    path.clientAddress = { ...path.clientAddress, port: 40_001 };
    expect(path.run(() => source.isDone && sink.isDone, 30_000_000)).toBe(true);
    expect(sink.wrong).toEqual([]);
    expect(pair.server.remoteAddress.port).toBe(40_001);
  });

  it('forgets the congestion model for another address and keeps it for another port', () => {
    for (const [to, forgets] of [
      [other, true],
      [{ address: '198.51.100.7', port: 40_999 }, false],
    ] as const) {
      const peer = new ScriptedPeer('server');
      const { connection } = peer;
      peer.take();
      peer.nowUs += 50_000;
      peer.sendAck([0, peer.seen.at(-1)!.number]);
      expect(connection.stats().smoothedRttUs).toBe(50_000);
      peer.address = to;
      const challenge = peer.send(writePing).find((packet) => packet.challenge !== undefined)!;
      expect(challenge.to).toEqual(to);
      peer.send((buffer, at) => writePathResponse(buffer, at, challenge.challenge!));
      expect(connection.remoteAddress).toEqual(to);
      expect(connection.stats().smoothedRttUs).toBe(forgets ? 0 : 50_000);
    }
  });

  it('[MG-1] sends at most three times what came from an address that is not proved', () => {
    const peer = new ScriptedPeer('server');
    const { connection } = peer;
    connection.openBulkSender(1);
    connection.offerBlock(1, 0, new Uint8Array(100_000));
    peer.take();
    peer.address = other;
    const datagram = peer.seal([writePing]);
    connection.receive(peer.nowUs, datagram, other);
    const bytes = peer
      .advance(20_000_000)
      .filter(({ to }) => to.address === other.address)
      .reduce((sum, { datagramBytes }) => sum + datagramBytes, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(3 * datagram.length);
    expect(connection.remoteAddress.address).toBe('198.51.100.7');
  });

  it('[MG-1] does not follow a copy of an older packet', () => {
    const peer = new ScriptedPeer('server');
    peer.take();
    const late = peer.seal([writePing], 0);
    peer.connection.receive(peer.nowUs, peer.seal([writePing], 5), peer.address);
    peer.connection.receive(peer.nowUs, late, other);
    expect(peer.advance(5_000_000).filter(({ to }) => to.address === other.address)).toEqual([]);
  });

  it('[MG-2] of a server does not happen: its packets from elsewhere are dropped', () => {
    const peer = new ScriptedPeer('client');
    peer.take();
    peer.address = other;
    expect(peer.send(writePing)).toEqual([]);
    expect(peer.connection.stats().packetsReceived).toBe(0);
    expect(peer.connection.remoteAddress.address).toBe('192.0.2.1');
  });

  it('[FR-5] repeats a lost path response while it matters', () => {
    const peer = new ScriptedPeer('client');
    peer.take();
    const challenge = (buffer: Uint8Array, at: number): number => {
      buffer.fill(7, at, at + 9);
      buffer[at] = 0x08;
      return at + 9;
    };
    expect(framesOf(peer.send(challenge), 'path-response')).toHaveLength(1);
    expect(framesOf(peer.advance(3_000_000), 'path-response').length).toBeGreaterThan(0);
  });
});
