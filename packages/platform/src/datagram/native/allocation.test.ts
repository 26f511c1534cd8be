import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { needsNative, TestSocket } from './test-socket.ts';

const ROUND = 128;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe.skipIf(needsNative)('memory of a native socket (needs Linux and koffi)', () => {
  it.each([
    { datagrams: 1_000_000, sizes: [1448] },
    { datagrams: 100_000, sizes: Array.from({ length: 25 }, (_, index) => 40 + index) },
  ])(
    'allocates nothing per datagram, over $datagrams of them, of the sizes $sizes',
    ({ datagrams, sizes }) => {
      const [{ socket }, receiver] = [new TestSocket(), new TestSocket()];
      const to = receiver.at('127.0.0.1');
      let received = 0;
      const onDatagram = (): void => {
        received++;
      };
      const round = (): void => {
        for (let index = 0; index < ROUND; index++) {
          socket.reserve();
          socket.commit(sizes[index % sizes.length]!, to);
        }
        socket.flush();
        for (const before = received; received < before + ROUND; ) receiver.socket.receiveBatch(onDatagram);
      };
      for (let count = 0; count < 200; count++) round();
      collectGarbage();
      const heapBefore = process.memoryUsage().heapUsed;
      const allocated: number[] = [];
      for (let sent = 0; sent < datagrams; sent += ROUND * 8) {
        const before = process.memoryUsage().heapUsed;
        for (let count = 0; count < 8; count++) round();
        allocated.push((process.memoryUsage().heapUsed - before) / (ROUND * 8));
      }
      // A typed array would be over a hundred bytes; what is left is a few numbers for each system call, 16 bytes each.
      expect(allocated.sort((a, b) => a - b)[allocated.length >> 1]).toBeLessThan(100);
      collectGarbage();
      expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(2 ** 20);
      socket.close();
      receiver.socket.close();
    },
  );
});
