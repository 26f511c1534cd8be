import { JetStreamError } from '@jetstream/protocol';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiCaller } from '../../testing/api-caller.ts';
import { ServiceEvents } from '../events.ts';
import { type Incoming, Receiving } from './receiving.ts';
import type { ReceiveRecord } from './record.ts';

const HOUR_US = 3_600e6;
const LIFETIME_US = 48 * HOUR_US;
const logger = pino({ level: 'silent' });
const lost = new JetStreamError('connection-lost', 'nothing was heard');
const caller = (account: string, superuser = false) => apiCaller({ account, superuser });

let state: State;
let nowUs: number;
let told: string[];
let ended: ReceiveRecord[];
let receiving: Receiving;

async function open(maxRecords?: number): Promise<void> {
  const clock = { wallUs: () => nowUs, monotonicUs: () => nowUs };
  const events = new ServiceEvents(clock, logger);
  events.on('recvTransferUpdated', ({ status }) => told.push(String(status)));
  receiving = await Receiving.open(
    { state, clock, events, logger, ...(maxRecords && { maxRecords }) },
    (record) => {
      ended.push(record);
      return undefined;
    },
  );
  await receiving.start();
}

beforeEach(async () => {
  state = await volatileState();
  nowUs = 1_000 * HOUR_US;
  told = [];
  ended = [];
  await open();
});

afterEach(() => state.close());

function incoming(part: Partial<Incoming> = {}): Incoming {
  return {
    transferId: new Uint8Array(16).fill(1),
    account: 'ann',
    peerKey: new Uint8Array(32).fill(2),
    serverUid: 'f'.repeat(32),
    from: { address: '192.0.2.7', port: 4_000 },
    destinationPath: 'project',
    localPath: '/srv/project',
    ...part,
  };
}

async function receive(part: Partial<Incoming> = {}, failed = 0): Promise<void> {
  const reception = receiving.begin(incoming(part));
  reception.onTotals(3, 3_000);
  reception.onFiles(3 - failed, failed);
  nowUs += 1e6;
  reception.onProgress(3_000);
  await reception.onDurable();
  reception.end(undefined);
}

const list = (who = caller('ann')) =>
  receiving.commands['recv.getTransfersAsync']({ limit: 1_000, offset: 0 }, who);
const sources = (who = caller('ann')) =>
  receiving.commands['recv.getSourcesAsync']({ limit: 1_000, offset: 0 }, who);

describe('what a server receives', () => {
  it('is recorded, and told when it begins and when it is complete', async () => {
    const began = nowUs;
    await receive();
    expect(told).toEqual(['receiving', 'complete']);
    expect(list()).toEqual([
      {
        transferId: '01'.repeat(16),
        status: 'complete',
        destinationPath: 'project',
        sourceIP: '192.0.2.7',
        sourcePort: 4_000,
        totalSize: 3_000,
        lastRecvTime: nowUs,
        lastSendTime: nowUs,
        lastErrorTime: null,
        account: 'ann',
        sourcePublicKey: Buffer.alloc(32, 2).toString('base64'),
        sourceServerUid: 'f'.repeat(32),
        bytesReceived: 3_000,
        totalFiles: 3,
        filesDone: 3,
        filesFailed: 0,
        startTime: began,
        endTime: nowUs,
        errorCode: null,
        errorMessage: null,
      },
    ]);
  });

  it('[TR-7] is counted once, however often it is sent by its name', async () => {
    await receive();
    const first = list();
    await receive();
    receiving.begin(incoming()).end(lost);
    await open();
    await receive();
    expect(list()).toEqual(first);
    expect(ended).toHaveLength(1);
    expect(told).toEqual(['receiving', 'complete']);
  });

  it('[TR-7] is another transfer from another sender or of another account', async () => {
    await receive();
    await receive({ peerKey: new Uint8Array(32).fill(3) });
    await receive({ account: 'bob' });
    expect(ended).toHaveLength(3);
    expect(list()).toHaveLength(2);
    expect(list(caller('root', true))).toHaveLength(3);
    expect(list(caller('eve'))).toEqual([]);
  });

  it('stays open when it is interrupted, and its next attempt goes on with its record', async () => {
    const reception = receiving.begin(incoming());
    const began = nowUs;
    nowUs += 5e6;
    reception.onProgress(1_000);
    reception.end(lost);
    expect(list()).toMatchObject([{ status: 'receiving', lastErrorTime: nowUs }]);
    expect(sources()).toMatchObject([{ activeTransferCount: 0, inactiveTransferCount: 1 }]);
    nowUs += HOUR_US;
    await receive();
    expect(list()).toMatchObject([{ status: 'complete', startTime: began, endTime: nowUs }]);
    expect(ended).toHaveLength(1);
  });

  it('is of the last attempt when two overlap', async () => {
    const first = receiving.begin(incoming());
    const second = receiving.begin(incoming());
    first.onProgress(77);
    first.end(lost);
    second.onProgress(5);
    expect(list()).toMatchObject([{ status: 'receiving', bytesReceived: 5, lastErrorTime: null }]);
    await second.onDurable();
    await first.onDurable();
    expect(ended).toHaveLength(1);
  });

  it('[TR-7] stays complete when an attempt that was overtaken completed it', async () => {
    const first = receiving.begin(incoming());
    const second = receiving.begin(incoming());
    await first.onDurable();
    second.onProgress(5);
    await second.onDurable();
    second.end(lost);
    expect(list()).toMatchObject([{ status: 'complete' }]);
    expect(ended).toHaveLength(1);
  });

  it('failed when a file did or it could not go on, and may be complete after all', async () => {
    await receive({}, 2);
    expect(list()).toMatchObject([{ status: 'error', filesFailed: 2, errorMessage: '2 of 3 files failed' }]);
    receiving.begin(incoming()).end(new JetStreamError('disk-full', 'no space'));
    await state.write([]);
    expect(list()).toMatchObject([{ status: 'error', errorCode: 'disk-full', errorMessage: 'no space' }]);
    await receive();
    expect(ended.map(({ status }) => status)).toEqual(['error', 'error', 'complete']);
  });

  it('without a name is over with its connection, and with the server', async () => {
    const unnamed = { transferId: new Uint8Array(), serverUid: null };
    receiving.begin(incoming(unnamed)).end(lost);
    receiving.begin(incoming(unnamed));
    receiving.begin(incoming());
    await open();
    expect(list().map(({ status }) => status)).toEqual(['error', 'error', 'receiving']);
    expect(list()[0]).toMatchObject({ errorCode: 'connection-lost', sourcePublicKey: null });
  });

  it('is given up and forgotten after its lifetime', async () => {
    await receive();
    receiving.begin(incoming({ transferId: new Uint8Array(16).fill(9) })).end(lost);
    const active = receiving.begin(incoming({ transferId: new Uint8Array(16).fill(8) }));
    const later = (hours: number) =>
      receiving.collect({ nowUs: nowUs + hours * HOUR_US, lifetimeUs: LIFETIME_US });
    expect(await later(47)).toEqual({ receiveTransfersDeleted: 0 });
    expect(await later(49)).toEqual({ receiveTransfersDeleted: 0 });
    expect(list().map(({ status }) => status)).toEqual(['complete', 'error', 'receiving']);
    expect(await later(96)).toEqual({ receiveTransfersDeleted: 0 });
    expect(await later(98)).toEqual({ receiveTransfersDeleted: 1 });
    // Its sender may ask for it again.
    expect(await later(30 * 24 - 1)).toEqual({ receiveTransfersDeleted: 0 });
    expect(await later(30 * 24 + 1)).toEqual({ receiveTransfersDeleted: 1 });
    expect(list()).toHaveLength(1);
    active.end(undefined);
  });

  it('of clients is bounded, the oldest that has ended going first', async () => {
    const unnamed = { transferId: new Uint8Array(), serverUid: null };
    for (let transfer = 0; transfer < 1_003; transfer++) {
      await receive({ ...unnamed, destinationPath: String(transfer) });
    }
    const kept = receiving.commands['recv.getTransfersAsync']({ limit: 10_000, offset: 0 }, caller('ann'));
    expect(kept).toHaveLength(1_000);
    expect(kept[0]!.destinationPath).toBe('3');
  });

  it('is bounded for all accounts together, the oldest of any that has ended going first', async () => {
    await open(3);
    receiving.begin(incoming({ account: 'ann' }));
    for (const account of ['bob', 'cem', 'dan', 'eve']) await receive({ account });
    const accounts = list(caller('root', true)).map(({ account }) => account);
    expect(accounts.sort()).toEqual(['ann', 'dan', 'eve']);
  });

  it('is summed up for each sender, with rates in kbit/s', async () => {
    await receive();
    const reception = receiving.begin(incoming({ transferId: new Uint8Array(16).fill(4) }));
    nowUs += 1e6;
    reception.onProgress(0);
    nowUs += 1e6;
    reception.onProgress(250_000);
    receiving.begin(incoming({ serverUid: null, account: 'bob' }));
    expect(sources(caller('root', true))).toMatchObject([
      {
        ...{ sourceIP: '192.0.2.7', account: 'ann', encryptedConnectionState: 'connected' },
        ...{ activeTransferCount: 1, completeTransferCount: 1, errorTransferCount: 0 },
        ...{ aveRecvRate: 1_000, aveRecvRateWindow: 2_000, encryptionEnabled: true },
      },
      { account: 'bob', destinationPublicKey: null, activeTransferCount: 1 },
    ]);
    expect(sources()).toHaveLength(1);
  });
});
