import { copyBytes, JetStreamError, MAX_OPEN_TRANSFERS } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { CountingPool } from '../testing/counting-pool.ts';
import { BlockBudget, ConnectionBudget } from './bulk/block-budget.ts';
import { TransferTable } from './transfer-table.ts';

const PEER = {
  initialStreamCreditBytes: 65_536,
  initialBlockCredit: 2,
  maxDatagramBytes: 1472,
  idleTimeoutMs: 30_000,
  software: '',
};

function table(role: 'client' | 'server' = 'server', loggedIn = true): TransferTable {
  const transfers = new TransferTable(
    role,
    PEER,
    new ConnectionBudget(new BlockBudget(Number.POSITIVE_INFINITY)),
  );
  if (loggedIn) transfers.raiseLimits();
  return transfers;
}

describe('TransferTable', () => {
  it('[ST-2] has at most 64 transfers open for the peer', () => {
    const transfers = table();
    for (let id = 1; id <= MAX_OPEN_TRANSFERS; id++) expect(typeof transfers.openByPeer(id)).toBe('object');
    expect(transfers.openByPeer(65)).toBe('refused');
    transfers.close(7);
    expect(typeof transfers.openByPeer(65)).toBe('object');
  });

  it('[LG-1] has at most one transfer open before the login', () => {
    const transfers = table('server', false);
    expect(typeof transfers.openByPeer(1)).toBe('object');
    expect(transfers.openByPeer(2)).toBe('refused');
    transfers.raiseLimits();
    expect(typeof transfers.openByPeer(2)).toBe('object');
  });

  it('[ST-2] knows finished transfers, also such as were never opened', () => {
    const transfers = table();
    transfers.openByPeer(1);
    transfers.close(1);
    transfers.close(5);
    expect([transfers.openByPeer(1), transfers.openByPeer(5)]).toEqual(['finished', 'finished']);
    expect(transfers.openByApplication(1)).toBeUndefined();
  });

  it('refuses a server that opens transfers', () => {
    const transfers = table('client');
    expect(() => transfers.openByPeer(1)).toThrow(JetStreamError);
    transfers.openByApplication(1);
    expect(typeof transfers.openByPeer(1)).toBe('object');
    transfers.close(1);
    expect(transfers.openByPeer(1)).toBe('finished');
  });

  it('never closes the control stream', () => {
    const transfers = table();
    transfers.close(0);
    expect(transfers.find(0)).toBe(transfers.list[0]);
  });

  it('lets the stream of a closed transfer deliver its last words', () => {
    const transfers = table();
    const transfer = transfers.openByApplication(1)!;
    transfer.sendStream.write(new Uint8Array(10));
    transfer.sendStream.send(10, new Uint8Array(10), 0);
    transfers.close(1);
    const stream = transfers.findSendStream(1)!;
    expect(stream).toBe(transfer.sendStream);
    stream.onAcked(0, 10);
    transfers.onStreamAcked(stream);
    expect(transfers.findSendStream(1)).toBeUndefined();
  });

  it('keeps few streams of closed transfers to a peer that never takes them', () => {
    const transfers = table();
    for (let id = 1; id <= 1000; id++) {
      transfers.openByApplication(id)!.sendStream.write(new Uint8Array(1));
      transfers.close(id);
    }
    expect(transfers.flushing).toHaveLength(64);
    expect(transfers.openCount).toBe(0);
  });

  it('remembers finished transfers in little memory whatever numbers the peer chooses', () => {
    const transfers = table();
    for (let id = 1; id < 20_000; id += 2) {
      transfers.openByPeer(id);
      transfers.close(id);
    }
    const { closed } = transfers as unknown as { closed: { rangeCount: number } };
    expect(closed.rangeCount).toBeLessThanOrEqual(256);
    expect(transfers.openByPeer(19_999)).toBe('finished');
  });

  it('finds blocks in the hands of the application after their transfer was closed', () => {
    const pool = new CountingPool(4);
    const transfers = table();
    const transfer = transfers.openByApplication(1)!;
    const receiver = transfer.ensureBulkReceiver({ blockPool: pool, copyBytes });
    receiver.expect(0, 10);
    receiver.receive({ nowUs: 0, smoothedRttUs: 0 }, 0, new Uint8Array(10), 0, 10);
    transfers.close(1);
    transfers.findBulkReceiver(1)!.release(0, false);
    transfers.onBlockReleased(1);
    expect(pool.outstanding).toBe(0);
    expect(transfers.findBulkReceiver(1)).toBeUndefined();
  });

  it('refuses numbers that no transfer has', () => {
    for (const id of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => table().openByApplication(id)).toThrow(/no transfer/);
    }
  });
});
