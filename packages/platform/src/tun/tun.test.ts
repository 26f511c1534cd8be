import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readlinkSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inNetworkNamespace } from './network-namespace.ts';
import { packetArena } from './packet-arena.ts';
import { PacketPoll } from './packet-poll.ts';
import { openTunDevice, tunPackets } from './tun-device.ts';

const linux = process.platform === 'linux';
const arena = linux ? packetArena(4096) : undefined;
const tun = linux && process.geteuid?.() === 0 && openable('/dev/net/tun');
const needsTun = tun ? '' : ' (needs root and /dev/net/tun)';

describe.runIf(linux)('polling', () => {
  it('tells which descriptor is readable, and wakes by the time when none is', () => {
    const directory = mkdtempSync(join(tmpdir(), 'packet-poll-'));
    const pipes = ['one', 'other'].map((name) => {
      const path = join(directory, name);
      execFileSync('mkfifo', [path]);
      return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    });
    try {
      const poll = new PacketPoll(pipes);
      const ready = (): boolean[] => [poll.ready(0), poll.ready(1)];
      const startedMs = performance.now();
      poll.wait(2500.5);
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(2.5);
      expect(ready()).toEqual([false, false]);
      writeSync(pipes[1]!, 'x');
      poll.wait(Number.POSITIVE_INFINITY);
      expect(ready()).toEqual([false, true]);
      poll.wait(0, 1); // the first alone
      expect(ready()).toEqual([false, false]);
      poll.wait(-5);
      expect(ready()).toEqual([false, true]);
    } finally {
      for (const pipe of pipes) closeSync(pipe);
      rmSync(directory, { recursive: true });
    }
  });
});

describe.runIf(linux)('a network namespace', () => {
  it('that does not exist is refused, and the thread stays where it is', () => {
    const before = readlinkSync('/proc/thread-self/ns/net');
    expect(() => inNetworkNamespace('no-such-namespace', () => 1)).toThrow(/ENOENT/);
    expect(readlinkSync('/proc/thread-self/ns/net')).toBe(before);
  });
});

describe.runIf(linux)('a TUN device', () => {
  it('has a name of at most 15 bytes', () => {
    expect(() => openTunDevice({ name: 'sixteen-bytes-16' })).toThrow(/too long/);
  });

  it.runIf(tun)(`has nothing to read and takes nothing while it is down${needsTun}`, () => {
    const name = `jstest${process.pid}`;
    const fd = openTunDevice({ name });
    try {
      const packets = tunPackets(fd, arena!);
      expect(packets.read(0, 1500)).toBe(0);
      arena!.bytes.set([0x45], 0); // an IPv4 header begins so
      expect(packets.write(0, 20)).toBe(false);
      expect(() => packets.read(4000, 100)).toThrow(/within the arena/);
      expect(() => openTunDevice({ name })).toThrow(/EBUSY/);
    } finally {
      closeSync(fd);
    }
  });
});

function openable(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_RDWR));
    return true;
  } catch {
    return false;
  }
}
