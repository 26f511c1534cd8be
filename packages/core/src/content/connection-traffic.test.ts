import type { ConnectionStats } from '@jetstream/transport';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConnectionTraffic, NO_TRAFFIC } from './connection-traffic.ts';

function connection() {
  const stats = { bytesSent: 0, packetsSent: 0, bytesReceived: 0, packetsReceived: 0 } as ConnectionStats;
  Object.assign(stats, { bulkBytesSent: 0, bulkBytesResent: 0 });
  return { stats, traffic: new ConnectionTraffic({ stats }) };
}

it('divides what a connection carries by the content that each transfer brought over', () => {
  const { stats, traffic } = connection();
  const [one, other] = [{ ...NO_TRAFFIC }, { ...NO_TRAFFIC }];
  const acked = { one: 0, other: 0 };
  traffic.join(one, () => acked.one);
  const leave = traffic.join(other, () => acked.other);
  Object.assign(acked, { one: 2_999, other: 999 });
  Object.assign(stats, { bytesSent: 8_000, packetsSent: 4, bulkBytesResent: 40 });
  traffic.observe();
  expect(one).toMatchObject({ bytesSent: 6_000, packetsSent: 3, contentBytesResent: 30 });
  expect(other).toMatchObject({ bytesSent: 2_000, packetsSent: 1, contentBytesResent: 10 });
  leave();
  stats.bytesSent += 500;
  traffic.observe();
  expect([one.bytesSent, other.bytesSent]).toEqual([6_500, 2_000]);
});

it('counts nothing twice and loses nothing, whoever comes and goes', () => {
  const step = fc.record({ bytes: fc.nat(10_000), acked: fc.nat(10_000), comes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const { stats, traffic } = connection();
      const all = [{ ...NO_TRAFFIC, acked: 0 }];
      const leaves = [traffic.join(all[0]!, () => all[0]!.acked)];
      for (const { bytes, acked, comes } of steps) {
        stats.bytesSent += bytes;
        all.at(-1)!.acked += acked;
        if (comes) {
          const one = { ...NO_TRAFFIC, acked: 0 };
          all.push(one);
          leaves.push(traffic.join(one, () => one.acked));
        } else if (leaves.length > 1) leaves.pop()!();
      }
      traffic.observe();
      expect(all.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(stats.bytesSent);
      expect(all.every(({ bytesSent }) => bytesSent >= 0)).toBe(true);
    }),
  );
});
