import type { NativeMemory } from '../../native-memory.ts';
import type { DatagramAddress } from '../contract.ts';
import type { NativeSocket, NativeSocketOptions } from './contract.ts';
import { MMSGHDR_BYTES, MSG_CONTROLLEN } from './linux-abi.ts';
import { openSocketWith } from './open.ts';
import { linuxSyscalls, nativeSocketRefusal, type Syscalls } from './syscalls.ts';

/** Tests of native sockets say so in their names. */
export const needsNative = nativeSocketRefusal() !== undefined;

/** Long enough for any machine; a wait that is that long is a failure. */
const PATIENCE_NS = 20e9;

export interface Received {
  bytes: Buffer;
  from: DatagramAddress;
  ecn: number;
  waitedUs: number;
}

/** A native socket and what a test does with it; `calls` stand between it and the system. */
export class TestSocket {
  readonly socket: NativeSocket;
  readonly fd: number;
  private readonly inbox: Received[] = [];

  constructor(options: NativeSocketOptions = {}, calls: Partial<Syscalls> = {}) {
    const real = linuxSyscalls()!;
    let fd = -1;
    const socket = openSocketWith(
      {
        ...real,
        ...calls,
        bind: (bound, at, length) => {
          fd = bound;
          return (calls.bind ?? real.bind)(bound, at, length);
        },
      },
      options,
    );
    if (!socket) throw new Error('no native socket');
    this.socket = socket;
    this.fd = fd;
  }

  at(address: string): DatagramAddress {
    return { address, port: this.socket.localPort };
  }

  commit(bytes: Uint8Array, to: DatagramAddress): void {
    this.socket.sendMemory.set(bytes, this.socket.reserve());
    this.socket.commit(bytes.length, to);
  }

  send(bytes: Uint8Array, to: DatagramAddress): void {
    this.commit(bytes, to);
    this.socket.flush();
  }

  received(count: number): Received[] {
    while (this.inbox.length < count) {
      if (this.receiveWaiting() === 0 && this.socket.wait(PATIENCE_NS) === 0) {
        throw new Error(`${this.inbox.length} of ${count} datagrams came`);
      }
    }
    return this.inbox.splice(0, count);
  }

  /** @returns datagrams that came in so far without waiting */
  receiveWaiting(): number {
    return this.socket.receiveBatch((bytes, from, ecn, start, end, waitedUs) => {
      this.inbox.push({ bytes: Buffer.from(bytes.subarray(start, end)), from, ecn, waitedUs });
    });
  }

  setOption(level: number, name: number, value: number): void {
    const calls = linuxSyscalls()!;
    const memory = calls.memory(4);
    memory.words[0] = value;
    if (calls.setsockopt(this.fd, level, name, memory.address, 4) !== 0) throw new Error('option refused');
  }

  option(level: number, name: number): number {
    const calls = linuxSyscalls()!;
    const memory = calls.memory(8);
    memory.words[1] = 4;
    if (calls.getsockopt(this.fd, level, name, memory.address, memory.address + 4) !== 0)
      throw new Error('option refused');
    return memory.words[0]!;
  }
}

/** Lets a stand-in for sendmmsg see what it is asked to send. */
export class SentHeaders {
  private readonly memories: NativeMemory[] = [];

  readonly arena = (byteLength: number): NativeMemory => {
    const memory = linuxSyscalls()!.arena(byteLength);
    this.memories.push(memory);
    return memory;
  };

  /** Bytes of control messages of each; nothing but segmentation and our own address makes any. */
  controlBytes(headersAt: number, index: number): number {
    return this.word(headersAt + index * MMSGHDR_BYTES + MSG_CONTROLLEN);
  }

  /** Length of the first and only part of each. */
  byteLength(headersAt: number, index: number): number {
    const header = headersAt + index * MMSGHDR_BYTES;
    const iovecAt = this.word(header + 16) + this.word(header + 20) * 2 ** 32;
    return this.word(iovecAt + 8);
  }

  private word(at: number): number {
    for (const { address, words } of this.memories) {
      if (at >= address && at < address + words.byteLength) return words[(at - address) >>> 2]!;
    }
    throw new Error('not memory of the socket');
  }
}
