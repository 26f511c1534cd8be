import { describe, expect, it } from 'vitest';
import type { DatagramAddress, DatagramPath, DatagramPathOptions } from './contract.ts';

type Open = (options: DatagramPathOptions) => Promise<DatagramPath>;

interface Received {
  bytes: Buffer;
  from: DatagramAddress;
}

/** What every implementation of a datagram path must do. */
export function describeDatagramPath(name: string, open: Open): void {
  describe(`datagram path: ${name}`, () => {
    it.each([
      ['IPv4', '127.0.0.1'],
      ['IPv6', '::1'],
    ])('carries datagrams between two paths over %s and names the sender', async (_, address) => {
      const [a, b] = [await Station.open(open), await Station.open(open)];
      a.send(Buffer.from('hello'), { address, port: b.path.localPort });
      const [first] = await b.received(1);
      expect(first!.bytes.toString()).toBe('hello');
      expect(first!.from).toEqual({ address, port: a.path.localPort });
      b.send(Buffer.from('back'), first!.from);
      const [answer] = await a.received(1);
      expect(answer!.bytes.toString()).toBe('back');
      expect(answer!.from.address).toBe(address);
      await Promise.all([a.path.close(), b.path.close()]);
    });

    it('listens on one address alone when told so', async () => {
      const v4 = await Station.open(open, { host: '127.0.0.1' });
      const v6 = await Station.open(open, { host: '::1' });
      v4.send(Buffer.from('4'), { address: '127.0.0.1', port: v4.path.localPort });
      v6.send(Buffer.from('6'), { address: '::1', port: v6.path.localPort });
      expect((await v4.received(1))[0]!.from.address).toBe('127.0.0.1');
      expect((await v6.received(1))[0]!.from.address).toBe('::1');
      await Promise.all([v4.path.close(), v6.path.close()]);
    });

    it('carries datagrams of every size from nothing to the largest', async () => {
      const [a, b] = [await Station.open(open), await Station.open(open)];
      const to = { address: '127.0.0.1', port: b.path.localPort };
      const largest = a.path.maxDatagramBytesFor(to.address);
      expect(largest).toBeLessThanOrEqual(a.path.maxDatagramBytes);
      for (const size of [0, 1, 1200, 1472, largest]) {
        a.send(Buffer.alloc(size, size % 251), to);
        const [datagram] = await b.received(1);
        expect(datagram!.bytes.equals(Buffer.alloc(size, size % 251))).toBe(true);
      }
      await Promise.all([a.path.close(), b.path.close()]);
    });

    it('gives the same buffer until it is committed, and other ones while that is sent', async () => {
      const { path } = await Station.open(open);
      const first = path.reserve();
      expect(path.reserve()).toBe(first);
      expect(first!.length).toBe(path.maxDatagramBytes);
      path.commit(8, { address: '127.0.0.1', port: path.localPort });
      expect(path.reserve()).not.toBe(first);
      await path.close();
    });

    it('says when its queue is full, and when there is room again', async () => {
      const { path, drained } = await Station.open(open);
      const to = { address: '127.0.0.1', port: path.localPort };
      for (let round = 0; round < 3; round++) {
        let committed = 0;
        for (; path.reserve() && committed < 100_000; committed++) path.commit(1, to);
        expect(committed).toBeGreaterThan(16);
        expect(committed).toBeLessThan(100_000);
        await drained();
        expect(path.reserve()).toBeDefined();
      }
      await path.close();
    });

    it('reports what cannot be sent as an event and goes on', async () => {
      const station = await Station.open(open);
      const { path } = station;
      for (const to of [
        { address: 'not an address', port: 9 },
        { address: '127.0.0.1', port: 0 },
        { address: '127.0.0.1', port: 70_000 },
      ]) {
        const failed = station.failed();
        station.send(Buffer.from('x'), to);
        expect(await failed).toBeInstanceOf(Error);
      }
      station.send(Buffer.from('still here'), { address: '127.0.0.1', port: path.localPort });
      expect((await station.received(1))[0]!.bytes.toString()).toBe('still here');
      await path.close();
    });

    it('ignores a commit of nothing reserved and everything after closing', async () => {
      const { path } = await Station.open(open);
      const to = { address: '127.0.0.1', port: path.localPort };
      await Promise.all([path.close(), path.close()]);
      await path.close();
      expect(path.reserve()).toBeUndefined();
      path.commit(5, to);
    });

    it('sends what was committed before it closes, and gives the port back', async () => {
      const [a, b] = [await Station.open(open), await Station.open(open)];
      for (let index = 0; index < 10; index++) {
        a.send(Buffer.from([index]), { address: '127.0.0.1', port: b.path.localPort });
      }
      await a.path.close();
      expect((await b.received(10)).map(({ bytes }) => bytes[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      const again = await Station.open(open, { port: a.path.localPort });
      expect(again.path.localPort).toBe(a.path.localPort);
      await Promise.all([again.path.close(), b.path.close()]);
    });

    it('names the trouble when the port cannot be had', async () => {
      const { path } = await Station.open(open);
      await expect(Station.open(open, { port: path.localPort })).rejects.toMatchObject({
        code: 'address-in-use',
      });
      await expect(Station.open(open, { host: 'localhost' })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
      await expect(Station.open(open, { host: '192.0.2.1' })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
      await path.close();
    });
  });
}

/** A path and what it was told. */
class Station {
  path!: DatagramPath;
  private readonly inbox: Received[] = [];
  private wake = () => {};
  private onDrain = () => {};
  private onError = (_: Error) => {};

  static async open(open: Open, options: { port?: number; host?: string } = {}): Promise<Station> {
    const station = new Station();
    station.path = await open({
      ...options,
      onReceive: (datagram, from) => {
        station.inbox.push({ bytes: Buffer.from(datagram), from });
        station.wake();
      },
      onDrain: () => station.onDrain(),
      onError: (error) => station.onError(error),
    });
    return station;
  }

  send(bytes: Uint8Array, to: DatagramAddress): void {
    this.path.reserve()!.set(bytes);
    this.path.commit(bytes.length, to);
  }

  async received(count: number): Promise<Received[]> {
    while (this.inbox.length < count) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.inbox.splice(0, count);
  }

  readonly drained = (): Promise<void> =>
    new Promise((resolve) => {
      this.onDrain = resolve;
    });

  failed(): Promise<Error> {
    return new Promise((resolve) => {
      this.onError = resolve;
    });
  }
}
