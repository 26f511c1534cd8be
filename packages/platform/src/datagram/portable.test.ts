import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import { AddressBook } from './address-book.ts';
import { describeDatagramPath } from './compliance.ts';
import { isLoopback, maxDatagramBytesFor } from './datagram-size.ts';
import { openPortableDatagramPath } from './portable.ts';

describeDatagramPath('portable', openPortableDatagramPath);

it('gives one address object for all datagrams of a peer', async () => {
  const seen: object[] = [];
  let enough = () => {};
  const path = await openPortableDatagramPath({
    onReceive: (_, from) => {
      if (seen.push(from) === 3) enough();
    },
    onDrain: () => {},
    onError: () => {},
  });
  const peer = createSocket('udp4');
  for (let count = 0; count < 3; count++) peer.send('x', path.localPort, '127.0.0.1');
  await new Promise<void>((resolve) => {
    enough = resolve;
  });
  expect(new Set(seen).size).toBe(1);
  peer.close();
  await path.close();
});

it('forgets addresses rather than grow without bound under spoofed sources', () => {
  const book = new AddressBook(true);
  const first = book.fromSocket('::ffff:192.0.2.1', 1);
  expect(first).toEqual({ address: '192.0.2.1', port: 1 });
  expect(book.fromSocket('::ffff:192.0.2.1', 1)).toBe(first);
  for (let port = 0; port < 10_000; port++) book.fromSocket('2001:db8::1', port);
  expect(book.fromSocket('::ffff:192.0.2.1', 1)).not.toBe(first);
  expect(book.fromSocket('::ffff:192.0.2.1', 1)).toEqual(first);
});

it('maps IPv4 for a dual-stack socket only', () => {
  expect(new AddressBook(true).toSocket('192.0.2.1')).toBe('::ffff:192.0.2.1');
  expect(new AddressBook(true).toSocket('2001:db8::1')).toBe('2001:db8::1');
  expect(new AddressBook(false).toSocket('192.0.2.1')).toBe('192.0.2.1');
});

it('tries large datagrams on loopback alone', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1']) {
    expect(isLoopback(address)).toBe(true);
    expect(maxDatagramBytesFor(address)).toBe(32_768);
  }
  for (const address of ['128.0.0.1', '::2', 'fe80::1%eth0', '127.example.org', '1.127.0.0']) {
    expect(isLoopback(address)).toBe(false);
    expect(maxDatagramBytesFor(address)).toBe(address.includes('::') ? 1452 : 1472);
  }
});

it('tries as large ones as the interfaces take', () => {
  const sizes = [1280, 1500, 9000, 65_520].map((mtu) => maxDatagramBytesFor('192.0.2.1', mtu));
  expect(sizes).toEqual([1252, 1472, 8972, 32_768]);
  expect(maxDatagramBytesFor('2001:db8::1', 9000)).toBe(8952);
  expect(maxDatagramBytesFor('192.0.2.1', 576)).toBe(1200);
});
