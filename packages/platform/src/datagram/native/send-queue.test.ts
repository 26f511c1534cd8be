import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Readiness } from './contract.ts';
import {
  EAGAIN,
  EHOSTUNREACH,
  EINTR,
  EINVAL,
  EIO,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  SOL_SOCKET,
} from './linux-abi.ts';
import { linuxSyscalls, type Syscalls } from './syscalls.ts';
import { needsNative, SentHeaders, TestSocket } from './test-socket.ts';

const SO_NO_CHECK = 11;
const real = linuxSyscalls()!;

describe.skipIf(needsNative)('send queue of a native socket (needs Linux and koffi)', () => {
  it('sends equal datagrams to one peer as one message, up to 64 of them and to 64 KiB', () => {
    const counts: number[] = [];
    const sender = new TestSocket({}, countingMessages(counts));
    const receiver = new TestSocket();
    const sizes = [...Array(100).fill(1448), 700, ...Array(200).fill(100), 101, 0, 0];
    for (const size of sizes) sender.commit(Buffer.alloc(size), receiver.at('127.0.0.1'));
    expect(sender.socket.flush()).toBe(true);
    // 45 × 1,448 B, 45 × 1,448 B, 10 × 1,448 B + 700 B, 3 × 64, 8, and three that stand alone.
    expect(counts).toEqual([10]);
    expect(receiver.received(sizes.length).map(({ bytes }) => bytes.length)).toEqual(sizes);
    expect(receiver.socket.stats.receiveCalls).toBeLessThan(4);
    sender.socket.close();
    receiver.socket.close();
  });

  it('sends each by itself without offload, still in few calls', () => {
    const counts: number[] = [];
    const sender = new TestSocket({ offload: false }, countingMessages(counts));
    const receiver = new TestSocket({ offload: false });
    for (let index = 0; index < 100; index++) {
      sender.commit(Buffer.alloc(1448, index), receiver.at('127.0.0.1'));
    }
    sender.socket.flush();
    expect(counts).toEqual([100]);
    expect(receiver.received(100).map(({ bytes }) => bytes[0])).toEqual([...Array(100).keys()]);
    sender.socket.close();
    receiver.socket.close();
  });

  it.each([true, false])(
    'brings every datagram to its peer, whole and in order, whatever the kernel takes at a time; offload: %s',
    (offload) => {
      let whims: number[] = [];
      const sender = new TestSocket(
        { offload },
        {
          sendmmsg: (fd, at, count, flags) => {
            const whim = whims.shift() ?? 4;
            if (count === 0 || whim === 4) return real.sendmmsg(fd, at, count, flags);
            return whim === 0
              ? -EAGAIN
              : whim === 1
                ? -EINTR
                : real.sendmmsg(fd, at, Math.ceil(count / whim), flags);
          },
        },
      );
      const receivers = [new TestSocket(), new TestSocket({ offload: false }), new TestSocket()];
      const addresses = ['127.0.0.1', '127.0.0.1', '::1'];
      const datagrams = fc.array(
        fc.record({
          peer: fc.nat(2),
          size: fc.oneof(fc.constant(1448), fc.constant(1200), fc.nat(1600), fc.constant(20_000)),
          count: fc.integer({ min: 1, max: 80 }),
        }),
        { maxLength: 8 },
      );
      fc.assert(
        fc.property(datagrams, fc.array(fc.nat(4), { maxLength: 20 }), (runs, chosen) => {
          whims = chosen;
          const expected: Buffer[][] = [[], [], []];
          let serial = 0;
          for (const { peer, size, count } of runs) {
            for (let sent = 0; sent < Math.min(count, 400_000 / (size + 1)); sent++) {
              const bytes = Buffer.alloc(size, ++serial % 251);
              const buffer = reserveEventually(sender);
              buffer.set(bytes);
              sender.socket.commit(size, receivers[peer]!.at(addresses[peer]!));
              expected[peer]!.push(bytes);
            }
          }
          while (!sender.socket.flush()) expect(sender.socket.wait(1e9)).toBe(Readiness.Writable);
          for (const [peer, receiver] of receivers.entries()) {
            const received = receiver.received(expected[peer]!.length);
            expect(received.every(({ bytes }, index) => bytes.equals(expected[peer]![index]!))).toBe(true);
            expect(receiver.receiveWaiting()).toBe(0);
          }
        }),
        { numRuns: 60 },
      );
      expect(sender.socket.stats.datagramsUnsent).toBe(0);
      for (const { socket } of [sender, ...receivers]) socket.close();
    },
    60_000,
  );

  it('keeps what the kernel has no room for, says full, and goes on when there is room', () => {
    let room = 3;
    const sender = new TestSocket(
      { offload: false },
      {
        sendmmsg: (fd, at, count, flags) => {
          if (count === 0) return 0;
          if (room === 0) return -EAGAIN;
          const sent = real.sendmmsg(fd, at, Math.min(count, room), flags);
          room -= sent;
          return sent;
        },
      },
    );
    const receiver = new TestSocket();
    let committed = 0;
    for (let at = sender.socket.reserve(); at >= 0; at = sender.socket.reserve()) {
      sender.socket.sendMemory[at] = committed++;
      sender.socket.commit(1, receiver.at('127.0.0.1'));
    }
    expect(committed).toBeGreaterThan(64);
    expect(sender.socket.stats).toMatchObject({ datagramsSent: 3, sendsBlocked: 1 });
    expect(sender.socket.isBlocked).toBe(true);
    expect(sender.socket.flush()).toBe(false);
    room = Number.POSITIVE_INFINITY;
    expect(sender.socket.wait(Number.POSITIVE_INFINITY)).toBe(Readiness.Writable);
    expect(sender.socket.flush()).toBe(true);
    expect(sender.socket.reserve()).toBeGreaterThanOrEqual(0);
    expect(receiver.received(committed).map(({ bytes }) => bytes[0])).toEqual(
      Array.from({ length: committed }, (_, index) => index % 256),
    );
    sender.socket.close();
    receiver.socket.close();
  });

  it('waits but a moment after ENOBUFS, of whose end nobody tells', () => {
    const answers = [-ENOBUFS];
    const sender = new TestSocket(
      {},
      {
        sendmmsg: (fd, at, count, flags) =>
          (count > 0 ? answers.pop() : undefined) ?? real.sendmmsg(fd, at, count, flags),
      },
    );
    const receiver = new TestSocket();
    sender.commit(Buffer.from('x'), receiver.at('127.0.0.1'));
    expect(sender.socket.flush()).toBe(false);
    expect(sender.socket.wait(Number.POSITIVE_INFINITY)).toBe(Readiness.Writable);
    expect(sender.socket.flush()).toBe(true);
    expect(receiver.received(1)).toHaveLength(1);
    sender.socket.close();
    receiver.socket.close();
  });

  it('turns segmentation off for good when the kernel refuses it, and sends the same datagrams singly', () => {
    const [sender, receiver] = [new TestSocket(), new TestSocket()];
    sendNumbered(sender, receiver, 100);
    expect(sender.socket.stats.segmentationOffload).toBe(true);
    // Without checksums the kernel does not segment: EINVAL.
    sender.setOption(SOL_SOCKET, SO_NO_CHECK, 1);
    sendNumbered(sender, receiver, 170);
    expect(sender.socket.stats).toMatchObject({ segmentationOffload: false, datagramsUnsent: 0 });
    expect(sender.socket.stats.sendErrors).toEqual(new Map([['EINVAL', 1]]));
    sendNumbered(sender, receiver, 100);
    expect(sender.socket.stats).toMatchObject({ datagramsSent: 370, datagramsUnsent: 0 });
    sender.socket.close();
    receiver.socket.close();
  });

  it.each([true, false])('does so in the middle of a batch too, after EIO; room in between: %s', (room) => {
    let refusing = false;
    let calls = 0;
    const sender = senderThat((headers, fd, at, count, flags) => {
      if (!refusing) {
        refusing = true;
        return real.sendmmsg(fd, at, 1, flags);
      }
      if (headers.controlBytes(at, 0) > 0) return -EIO;
      return !room && ++calls % 3 === 0 ? -EAGAIN : real.sendmmsg(fd, at, count, flags);
    });
    const receiver = new TestSocket();
    sendNumbered(sender, receiver, 170);
    expect(sender.socket.stats).toMatchObject({
      segmentationOffload: false,
      datagramsSent: 170,
      datagramsUnsent: 0,
    });
    sender.socket.close();
    receiver.socket.close();
  });

  it('keeps segmentation when a destination is at fault, and counts what it did not send', () => {
    const sender = senderThat((headers, fd, at, count, flags) =>
      headers.byteLength(at, 0) <= 500 ? -EINVAL : real.sendmmsg(fd, at, count, flags),
    );
    const receiver = new TestSocket();
    for (let count = 0; count < 5; count++) {
      sender.commit(Buffer.alloc(100), { address: '192.0.2.77', port: 9 });
    }
    expect(sender.socket.flush()).toBe(true);
    expect(sender.socket.stats).toMatchObject({ segmentationOffload: true, datagramsUnsent: 5 });
    expect(sender.socket.stats.sendErrors).toEqual(new Map([['EINVAL', 6]]));
    sendNumbered(sender, receiver, 100);
    sender.socket.close();
    receiver.socket.close();
  });

  it('loses only the datagrams that are too large for the interface', () => {
    const sender = senderThat((headers, fd, at, count, flags) => {
      if (headers.byteLength(at, 0) > 1400) return -EMSGSIZE;
      let fitting = 1;
      while (fitting < count && headers.byteLength(at, fitting) <= 1400) fitting++;
      return real.sendmmsg(fd, at, fitting, flags);
    });
    const receiver = new TestSocket();
    for (const size of [1472, 1300, 1200, 1200, 1200]) {
      sender.commit(Buffer.alloc(size), receiver.at('127.0.0.1'));
    }
    expect(sender.socket.flush()).toBe(true);
    expect(receiver.received(4).map(({ bytes }) => bytes.length)).toEqual([1300, 1200, 1200, 1200]);
    expect(sender.socket.stats).toMatchObject({ segmentationOffload: true, datagramsUnsent: 1 });
    sender.socket.close();
    receiver.socket.close();
  });

  it.each([EINVAL, ENETUNREACH, EHOSTUNREACH])(
    'lets the kernel choose where to send from when our address is gone (errno %i)',
    (errno) => {
      const sender = senderThat((headers, fd, at, count, flags) =>
        headers.controlBytes(at, 0) > 32 ? -errno : real.sendmmsg(fd, at, count, flags),
      );
      const receiver = new TestSocket();
      receiver.send(Buffer.from('first'), sender.at('127.0.0.2'));
      const { from } = sender.received(1)[0]!;
      for (const size of [10, 20, 20, 20]) sender.commit(Buffer.alloc(size), from);
      expect(sender.socket.flush()).toBe(true);
      const answers = receiver.received(4);
      expect(answers.map(({ bytes }) => bytes.length)).toEqual([10, 20, 20, 20]);
      expect(answers[0]!.from).toEqual(sender.at('127.0.0.1'));
      expect(sender.socket.stats).toMatchObject({ segmentationOffload: true, datagramsUnsent: 0 });
      sender.socket.close();
      receiver.socket.close();
    },
  );

  it('counts what cannot be sent, and goes on', () => {
    const station = new TestSocket();
    for (const to of [
      { address: 'not an address', port: 9 },
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 70_000 },
      { address: '', port: 1.5 },
    ]) {
      station.commit(Buffer.from('x'), to);
    }
    station.socket.reserve();
    station.socket.commit(Number.NaN, station.at('127.0.0.1'));
    station.socket.reserve();
    station.socket.commit(station.socket.maxDatagramBytes + 1, station.at('127.0.0.1'));
    expect(station.socket.stats.datagramsUnsent).toBe(6);
    station.send(Buffer.from('still here'), station.at('127.0.0.1'));
    expect(station.received(1)[0]!.bytes.toString()).toBe('still here');
    station.socket.close();
  });

  it('gives the same place until it is committed, and sends what is in it after a flush in between too', () => {
    const [{ socket }, receiver] = [new TestSocket(), new TestSocket()];
    const first = socket.reserve();
    expect(socket.reserve()).toBe(first);
    expect(socket.sendMemory.length - first).toBeGreaterThanOrEqual(socket.maxDatagramBytes);
    socket.sendMemory[first] = 1;
    socket.commit(1, receiver.at('127.0.0.1'));
    socket.commit(1, receiver.at('127.0.0.1'));
    const second = socket.reserve();
    expect(second).not.toBe(first);
    socket.sendMemory[second] = 2;
    socket.flush();
    socket.commit(1, receiver.at('127.0.0.1'));
    socket.flush();
    expect(receiver.received(2).map(({ bytes }) => [...bytes])).toEqual([[1], [2]]);
    expect(receiver.receiveWaiting()).toBe(0);
    socket.close();
    receiver.socket.close();
  });
});

type Send = (headers: SentHeaders, fd: number, at: number, count: number, flags: number) => number;

function senderThat(send: Send): TestSocket {
  const headers = new SentHeaders();
  return new TestSocket(
    {},
    {
      arena: headers.arena,
      sendmmsg: (fd, at, count, flags) => (count === 0 ? 0 : send(headers, fd, at, count, flags)),
    },
  );
}

function countingMessages(counts: number[]): Partial<Syscalls> {
  return {
    sendmmsg: (fd, at, count, flags) => {
      if (count > 0) counts.push(count);
      return real.sendmmsg(fd, at, count, flags);
    },
  };
}

/** As many datagrams of 1,448 bytes, each of which must come, in order. */
function sendNumbered(sender: TestSocket, receiver: TestSocket, count: number): void {
  for (let number = 0; number < count; number++) {
    reserveEventually(sender).fill(number, 0, 1448);
    sender.socket.commit(1448, receiver.at('127.0.0.1'));
  }
  while (!sender.socket.flush()) sender.socket.wait(1e9);
  const received = receiver.received(count);
  expect(received.map(({ bytes }) => bytes.length)).toEqual(Array(count).fill(1448));
  expect(received.map(({ bytes }) => bytes[0])).toEqual(
    Array.from({ length: count }, (_, index) => index % 256),
  );
}

function reserveEventually({ socket }: TestSocket): Uint8Array {
  for (;;) {
    const at = socket.reserve();
    if (at >= 0) return socket.sendMemory.subarray(at, at + socket.maxDatagramBytes);
    socket.wait(1e9);
  }
}
