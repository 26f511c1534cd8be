import { describe, expect, it, vi } from 'vitest';
import type { NativeMemory } from '../../native-memory.ts';
import {
  EAFNOSUPPORT,
  IP_MTU_DISCOVER,
  IP_TOS,
  IPV6_MTU_DISCOVER,
  PMTUDISC_PROBE,
  SOL_IP,
  SOL_IPV6,
} from './linux-abi.ts';
import { openNativeSocket, openSocketWith } from './open.ts';
import { linuxSyscalls, type Syscalls } from './syscalls.ts';
import { needsNative, TestSocket } from './test-socket.ts';

const ENOSYS = 38;
const AF_INET6 = 10;

describe.skipIf(needsNative)('native socket (needs Linux and koffi)', () => {
  it.each([
    ['IPv4', '127.0.0.1'],
    ['IPv6', '::1'],
  ])('carries datagrams both ways over %s and names the sender', (_, address) => {
    const [a, b] = [new TestSocket(), new TestSocket()];
    a.send(Buffer.from('hello'), b.at(address));
    const [first] = b.received(1);
    expect(first!.bytes.toString()).toBe('hello');
    expect(first!.from).toEqual(a.at(address));
    b.send(Buffer.from('back'), first!.from);
    const [answer] = a.received(1);
    expect(answer!.bytes.toString()).toBe('back');
    expect(answer!.from).toEqual(b.at(address));
    a.socket.close();
    b.socket.close();
  });

  it('listens on one address alone when told so, IPv4 on a socket of its own', () => {
    const [v4, v6] = [new TestSocket({ host: '127.0.0.1' }), new TestSocket({ host: '::1' })];
    v4.send(Buffer.from('4'), v4.at('127.0.0.1'));
    v6.send(Buffer.from('6'), v6.at('::1'));
    expect(v4.received(1)[0]!.from).toEqual(v4.at('127.0.0.1'));
    expect(v6.received(1)[0]!.from).toEqual(v6.at('::1'));
    v4.commit(Buffer.from('x'), v6.at('::1'));
    expect(v4.socket.stats.datagramsUnsent).toBe(1);
    v4.socket.close();
    v6.socket.close();
  });

  it('takes IPv4 alone where the system has no IPv6', () => {
    const real = linuxSyscalls()!;
    const { socket, at } = openOn({
      socket: (domain, type, protocol) =>
        domain === AF_INET6 ? -EAFNOSUPPORT : real.socket(domain, type, protocol),
    });
    socket.send(Buffer.from('4'), at('127.0.0.1'));
    expect(socket.received(1)[0]!.from).toEqual(at('127.0.0.1'));
    socket.socket.close();
  });

  it.each([true, false])(
    'carries datagrams of every size from nothing to the largest, offload: %s',
    (offload) => {
      const [a, b] = [new TestSocket({ offload }), new TestSocket({ offload })];
      for (const size of [0, 1, 1200, 1472, a.socket.maxDatagramBytesFor('127.0.0.1')]) {
        a.send(Buffer.alloc(size, size % 251), b.at('127.0.0.1'));
        expect(b.received(1)[0]!.bytes.equals(Buffer.alloc(size, size % 251))).toBe(true);
      }
      expect(b.socket.stats).toMatchObject({ datagramsReceived: 5, receiveErrors: 0 });
      a.socket.close();
      b.socket.close();
    },
  );

  it('gives one address object for all datagrams of a peer', () => {
    const [a, b] = [new TestSocket(), new TestSocket()];
    for (let count = 0; count < 3; count++) a.send(Buffer.from('x'), b.at('127.0.0.1'));
    expect(new Set(b.received(3).map(({ from }) => from)).size).toBe(1);
    a.socket.close();
    b.socket.close();
  });

  it('has the ECN bits of what comes in, and marks what goes out when told so', () => {
    const [plain, marking] = [new TestSocket(), new TestSocket({ markEcn: true })];
    const receiver = new TestSocket();
    for (const address of ['127.0.0.1', '::1']) {
      plain.send(Buffer.from('plain'), receiver.at(address));
      marking.send(Buffer.from('marked'), receiver.at(address));
      const seen = receiver.received(2).map(({ bytes, ecn }) => [bytes.toString(), ecn]);
      expect(seen).toEqual([
        ['plain', 0],
        ['marked', 2],
      ]);
    }
    plain.setOption(SOL_IP, IP_TOS, 3);
    plain.send(Buffer.alloc(3000, 1), receiver.at('127.0.0.1'));
    expect(receiver.received(1)[0]!.ecn).toBe(3);
    for (const { socket } of [plain, marking, receiver]) socket.close();
  });

  it('says how long a datagram has waited, as far as the clock was not set meanwhile', () => {
    const real = linuxSyscalls()!;
    let aheadSeconds = 0;
    const memories: NativeMemory[] = [];
    const calls: Partial<Syscalls> = {
      arena: (byteLength) => {
        memories.push(real.arena(byteLength));
        return memories.at(-1)!;
      },
      clockGettime: (clock, at) => {
        const result = real.clockGettime(clock, at);
        const { words, address } = memories.find(
          (memory) => at >= memory.address && at < memory.address + memory.bytes.length,
        )!;
        words[(at - address) >>> 2]! += aheadSeconds;
        return result;
      },
    };
    const [sender, receiver] = [new TestSocket(), new TestSocket({}, calls)];
    const waited = (): number => {
      sender.send(Buffer.from('x'), receiver.at('127.0.0.1'));
      return receiver.received(1)[0]!.waitedUs;
    };
    expect(Number.isSafeInteger(waited())).toBe(true);
    aheadSeconds = 1;
    expect(waited()).toBeGreaterThan(0);
    for (aheadSeconds of [3_600, -3_600]) expect(waited()).toBe(0);
    for (const { socket } of [sender, receiver]) socket.close();
  });

  it.each([undefined, '0.0.0.0'])(
    'answers from the address that the peer wrote to, listening on %s',
    (host) => {
      const [client, server] = [new TestSocket(), new TestSocket(host === undefined ? {} : { host })];
      client.send(Buffer.from('to 2'), server.at('127.0.0.2'));
      server.send(Buffer.from('from 2'), server.received(1)[0]!.from);
      expect(client.received(1)[0]!.from).toEqual(server.at('127.0.0.2'));
      client.socket.close();
      server.socket.close();
    },
  );

  it('shares a port when all who have it say so, and only then', () => {
    const first = new TestSocket({ sharePort: true });
    const port = first.socket.localPort;
    const second = new TestSocket({ sharePort: true, port });
    expect(second.socket.localPort).toBe(port);
    expect(() => new TestSocket({ port })).toThrow(expect.objectContaining({ code: 'address-in-use' }));
    first.socket.close();
    second.socket.close();
  });

  it.each([{ host: 'localhost' }, { host: '192.0.2.77' }, { host: 'fe80::1%nosuch' }, { port: 70_000 }])(
    'names the trouble when it cannot listen: %o',
    (options) => {
      expect(() => openNativeSocket(options)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    },
  );

  it('gives the port back, and does nothing after closing', () => {
    const { socket } = new TestSocket();
    const { localPort } = socket;
    socket.reserve();
    socket.close();
    socket.close();
    socket.commit(1, { address: '127.0.0.1', port: 9 });
    expect(socket.reserve()).toBe(-1);
    expect(socket.flush()).toBe(true);
    expect(socket.receiveBatch(() => {})).toBe(0);
    expect(socket.wait(Number.POSITIVE_INFINITY)).toBe(0);
    openNativeSocket({ port: localPort })!.close();
  });

  it('lets nothing be cut into fragments, and passes over what others say of the path MTU', () => {
    const [both, v4] = [new TestSocket(), new TestSocket({ host: '127.0.0.1' })];
    expect(both.option(SOL_IPV6, IPV6_MTU_DISCOVER)).toBe(PMTUDISC_PROBE);
    for (const each of [both, v4]) {
      expect(each.option(SOL_IP, IP_MTU_DISCOVER)).toBe(PMTUDISC_PROBE);
      expect(each.socket.maxDatagramBytesFor('192.0.2.1')).toBeGreaterThanOrEqual(1200);
      each.socket.close();
    }
  });

  it('gets large socket buffers, as far as it may', () => {
    const [small, large] = [new TestSocket({ bufferBytes: 65_536 }), new TestSocket()];
    expect(small.socket.receiveBufferBytes).toBe(131_072);
    expect(large.socket.receiveBufferBytes).toBeGreaterThan(131_072);
    expect(large.socket.sendBufferBytes).toBeGreaterThan(131_072);
    small.socket.close();
    large.socket.close();
  });

  it.each(['recvmmsg', 'sendmmsg', 'ppoll'] as const)('is refused where the system has no %s', (name) => {
    const refusals: string[] = [];
    const closed: number[] = [];
    const real = linuxSyscalls()!;
    const calls = {
      ...real,
      [name]: () => -ENOSYS,
      close: (fd: number) => {
        closed.push(fd);
        return real.close(fd);
      },
    };
    expect(openSocketWith(calls, { onRefusal: (reason) => refusals.push(reason) })).toBeUndefined();
    expect(refusals).toEqual([`the system refuses ${name}: ENOSYS`]);
    expect(closed).toHaveLength(1);
  });
});

it('there is none when the portable path is forced, and it says so', () => {
  vi.stubEnv('JETSTREAM_PORTABLE', '1');
  const refusals: string[] = [];
  expect(openNativeSocket({ onRefusal: (reason) => refusals.push(reason) })).toBeUndefined();
  expect(refusals.join()).toContain('JETSTREAM_PORTABLE');
  vi.unstubAllEnvs();
});

function openOn(calls: ConstructorParameters<typeof TestSocket>[1]) {
  const socket = new TestSocket({}, calls);
  return { socket, at: (address: string) => socket.at(address) };
}
