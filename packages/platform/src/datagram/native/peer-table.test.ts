import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PeerTable } from './peer-table.ts';
import { SocketAddressCodec } from './socket-address.ts';
import { linuxSyscalls } from './syscalls.ts';
import { needsNative } from './test-socket.ts';

const ports = fc.integer({ min: 1, max: 65_535 });

describe.skipIf(needsNative)('peers of a native socket (needs Linux and koffi)', () => {
  it('turns addresses into bytes and back', () => {
    const codec = new SocketAddressCodec(linuxSyscalls()!, true);
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), ports, (address, port) => {
        const once = codec.decode(codec.encode({ address, port })!);
        expect(once.port).toBe(port);
        expect(codec.decode(codec.encode(once)!)).toEqual(once);
      }),
    );
    expect(codec.decode(codec.encode({ address: '192.0.2.1', port: 258 })!)).toEqual({
      address: '192.0.2.1',
      port: 258,
    });
    expect(codec.decode(codec.encode({ address: '2001:DB8:0::1', port: 1 })!).address).toBe('2001:db8::1');
    expect(codec.decode(codec.encode({ address: 'fe80::1%lo', port: 1 })!).address).toBe('fe80::1%lo');
    expect(codec.decode(codec.encode({ address: 'fe80::1%1', port: 1 })!).address).toBe('fe80::1%lo');
  });

  it.each(['', 'localhost', '1.2.3', '::1::', 'fe80::1%nosuch', 'fe80::1%', '::1\0'])(
    'takes nothing else for an address: %j',
    (address) => {
      for (const ipv6 of [true, false]) {
        const codec = new SocketAddressCodec(linuxSyscalls()!, ipv6);
        expect(codec.encode({ address, port: 1 })).toBeUndefined();
      }
    },
  );

  it.each([true, false])('knows a peer again by bytes and by text, IPv6: %s', (ipv6) => {
    const { table, sockaddr } = tableOf(ipv6);
    const words = new Uint32Array(20);
    fc.assert(
      fc.property(
        ipv6 ? fc.oneof(fc.ipV4(), fc.ipV6()) : fc.ipV4(),
        ports,
        fc.nat(12),
        (address, port, at) => {
          words.set(sockaddr(address, port), at);
          const peer = table.from(words, at);
          expect(table.from(words, at)).toBe(peer);
          expect(table.to(peer.address)).toBe(peer);
          expect(table.to({ ...peer.address })).toBe(peer);
          expect([...peer.sockaddr]).toEqual([...sockaddr(address, port)]);
        },
      ),
    );
  });

  it('learns where to answer from of peers that wrote first alone', () => {
    const { table, sockaddr } = tableOf(true);
    const spokenTo = table.to({ address: '192.0.2.1', port: 5 })!;
    expect(table.from(sockaddr('192.0.2.1', 5), 0)).toBe(spokenTo);
    expect(spokenTo.localAddress).toBeUndefined();
    expect(table.from(sockaddr('192.0.2.2', 5), 0).localAddress).toBeDefined();
  });

  it('forgets peers rather than grow without bound under spoofed sources, but not those that are spoken to', () => {
    const { table, sockaddr } = tableOf(true);
    const silent = table.from(sockaddr('192.0.2.1', 1), 0);
    const spokenTo = table.from(sockaddr('192.0.2.2', 1), 0);
    const spoofed = sockaddr('2001:db8::1', 1);
    const other = { address: '192.0.2.3', port: 1 };
    for (let count = 0; count < 10_000; count++) {
      spoofed[4] = count;
      expect(table.from(spoofed, 0).sockaddr[4]).toBe(count);
      if (count % 1000 === 0) expect(table.to(count % 2000 === 0 ? other : spokenTo.address)).toBeDefined();
    }
    expect(table.to(spokenTo.address)).toBe(spokenTo);
    expect(table.to(silent.address)).not.toBe(silent);
    expect(table.to(silent.address)!.address).toEqual(silent.address);
  });
});

function tableOf(ipv6: boolean) {
  const codec = new SocketAddressCodec(linuxSyscalls()!, ipv6);
  const sockaddr = (address: string, port: number): Uint32Array => codec.encode({ address, port })!;
  return { table: new PeerTable(codec, ipv6), sockaddr };
}
