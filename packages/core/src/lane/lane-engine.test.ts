import { randomBytes } from 'node:crypto';
import { DEFAULT_RATE_POLICY } from '@jetstream/congestion';
import type { PathAddress } from '@jetstream/transport';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { LaneEngine } from './lane-engine.ts';

const SERVER: PathAddress = { address: '192.0.2.9', port: 8886 };
const CLIENT: PathAddress = { address: '198.51.100.7', port: 4000 };
const ONE_WAY_US = 50_000;

/** Also the engines' own: how busy the machine is makes no round trip longer. */
let nowUs = 1e9;
const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowUs / 1000);
afterAll(() => clock.mockRestore());

function engine(acceptIncoming: boolean, remembersPaths: boolean): LaneEngine {
  return new LaneEngine(
    {
      port: 0,
      host: undefined,
      staticPrivateKey: randomBytes(32),
      acceptIncoming,
      congestion: 'bbr',
      ratePolicy: DEFAULT_RATE_POLICY,
      handshakeTimeoutMs: undefined,
      remembersPaths,
      index: 0,
      neighbours: [],
      portable: true,
      maxBlocks: 4,
      wakeFd: undefined,
    },
    {},
  );
}

/** Connects from one engine to the other, each way taking 50 ms. @returns the window of the client's new connection, in bytes */
function windowAfterHandshake(client: LaneEngine): number {
  const server = engine(true, false);
  client.run({ lane: 'connect', connection: 1, to: SERVER });
  for (let turn = 0; turn < 3; turn++) {
    carry(client, server, CLIENT);
    carry(server, client, SERVER);
    client.collectEvents();
    client.run({ connection: 1, call: 'acceptPeer', parameters: [] });
  }
  client.collectStats(nowUs, true);
  const told = client.takeOutbox() ?? [];
  const stats = told.flatMap((one) => ('event' in one && one.event.type === 'stats' ? one.event.stats : []));
  return stats.at(-1)!.windowBytes;

  function carry(from: LaneEngine, to: LaneEngine, sender: PathAddress): void {
    const out = new Uint8Array(2048);
    const underWay: Uint8Array[] = [];
    for (let { bytes } = from.endpoint.transmit(nowUs, out); bytes > 0; ) {
      underWay.push(out.slice(0, bytes));
      bytes = from.endpoint.transmit(nowUs, out).bytes;
    }
    nowUs += ONE_WAY_US;
    for (const datagram of underWay) to.endpoint.receive(nowUs, datagram, sender);
  }
}

describe('a lane that was told of a path', () => {
  const path = { network: SERVER.address, minRttUs: 100_000, rateBytesPerSecond: 6e7, seenAtMs: Date.now() };
  const told = (remembersPaths: boolean, more: object = {}) => {
    const lane = engine(false, remembersPaths);
    lane.run({ lane: 'learn-path', path: { ...path, ...more } });
    return windowAfterHandshake(lane);
  };
  const cold = windowAfterHandshake(engine(false, true));

  it('begins there with half of what it carries', () => {
    expect(told(true) / (path.rateBytesPerSecond * 0.1)).toBeCloseTo(0.5, 1);
  });

  it('begins as to a stranger when the path leads elsewhere, is no path, has another round trip, or is not to be remembered', () => {
    expect(cold).toBeLessThan(100_000);
    expect(told(true, { network: '192.0.2.10' })).toBe(cold);
    expect(told(true, { rateBytesPerSecond: Number.POSITIVE_INFINITY })).toBe(cold);
    expect(told(true, { minRttUs: 300_000 })).toBe(cold);
    expect(told(false)).toBe(cold);
  });
});
