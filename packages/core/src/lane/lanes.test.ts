import { randomBytes } from 'node:crypto';
import { EventFd } from '@jetstream/platform';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlockMemory } from '../block-memory.ts';
import { LanePair } from '../testing/lane-pair.ts';

const hasNative = EventFd.create() !== undefined;
const paths = ['native', 'portable'] as const;

describe.each(paths.filter((path) => hasNative || path === 'portable'))('a lane on the %s path', (path) => {
  let pair: LanePair;

  beforeAll(async () => {
    pair = await LanePair.start(path === 'portable');
  });

  afterAll(async () => {
    await pair.close();
  });

  /** A transfer is the client's to open. */
  async function openTransfer(
    { client, server }: Awaited<ReturnType<LanePair['connect']>>,
    transfer: number,
  ) {
    client.connection.writeStream(transfer, new Uint8Array([1]));
    await server.next('stream-data');
    server.connection.openBulkReceiver(transfer, 4);
  }

  it('says which path it found', () => {
    expect(pair.server.path).toMatchObject({ kind: path });
    expect(pair.server.path.port).toBeGreaterThan(0);
  });

  it('carries streams both ways', async () => {
    const { client, server } = await pair.connect();
    client.connection.writeStream(0, Buffer.from('there'));
    expect(Buffer.from((await server.next('stream-data')).bytes).toString()).toBe('there');
    server.connection.writeStream(0, Buffer.from('and back'));
    expect(Buffer.from((await client.next('stream-data')).bytes).toString()).toBe('and back');
  });

  it('tells a writer to wait, and to go on once the peer has taken the bytes', async () => {
    const { client, server } = await pair.connect();
    const chunk = randomBytes(200_000);
    let written = chunk.length;
    while (client.connection.writeStream(1, chunk)) written += chunk.length;
    let received = 0;
    while (received < written) {
      const { stream, bytes } = await server.next('stream-data');
      received += bytes.length;
      server.connection.consumeStream(stream, bytes.length);
    }
    await client.next('stream-writable');
    expect(received).toBe(written);
  });

  it('lends the memory of a block to the lane until it is acknowledged', async () => {
    const ends = await pair.connect();
    const { client, server } = ends;
    await openTransfer(ends, 1);
    const memory = new BlockMemory(1);
    client.connection.openBulkSender(1, memory);
    for (const block of [0, 1, 2]) {
      const bytes = memory.acquire()!;
      bytes.fill(block + 1);
      client.connection.offerBlock(1, block, bytes, BLOCK_BYTES);
      expect(memory.acquire()).toBeUndefined();
      server.connection.expectBlock(1, block, BLOCK_BYTES);
      const received = await server.next('block-received');
      expect(received.block).toBe(block);
      expect(received.bytes.every((byte) => byte === block + 1)).toBe(true);
      server.connection.releaseBlock(1, block, false);
      await client.next('block-acked');
    }
    expect(memory.acquire()).toBeDefined();
  });

  it('gives the memory of blocks back when their transfer is closed, and tells nothing more of it', async () => {
    const { client, server } = await pair.connect();
    const memory = new BlockMemory(1);
    client.connection.openBulkSender(1, memory);
    client.connection.offerBlock(1, 0, memory.acquire()!, BLOCK_BYTES);
    client.connection.closeTransfer(1);
    expect(memory.acquire()).toBeUndefined();
    client.connection.writeStream(0, Buffer.from('after'));
    await server.next('stream-data');
    server.connection.writeStream(0, Buffer.from('answer'));
    await client.next('stream-data');
    expect(memory.acquire()).toBeDefined();
    expect(client.has('block-acked') || client.has('block-wanted')).toBe(false);
  });

  it('takes back blocks that came for a transfer closed meanwhile', async () => {
    const ends = await pair.connect();
    const { client, server } = ends;
    // As many transfers, one after the other, as would exhaust the pool if any block were lost.
    const memory = new BlockMemory(1);
    for (let transfer = 1; transfer <= 40; transfer++) {
      await openTransfer(ends, transfer);
      client.connection.openBulkSender(transfer, memory);
      server.connection.expectBlock(transfer, 0, BLOCK_BYTES);
      client.connection.offerBlock(transfer, 0, memory.acquire()!, BLOCK_BYTES);
      await client.next('block-acked');
      if (transfer % 2 === 0) {
        await server.next('block-received');
        server.connection.closeTransfer(transfer);
        server.connection.releaseBlock(transfer, 0, false);
      } else {
        server.connection.closeTransfer(transfer);
        if (server.has('block-received')) {
          await server.next('block-received');
          server.connection.releaseBlock(transfer, 0, false);
        }
      }
      client.connection.closeTransfer(transfer);
    }
    expect(memory.acquire()).toBeDefined();
  });

  it('asks a peer for a sign of life, which one that is gone does not give', async () => {
    const { client, server } = await pair.connect();
    expect(await server.connection.answers(60_000)).toBe(true);
    expect(await client.connection.answers(60_000)).toBe(true);
    const asked = server.connection.answers(60_000);
    server.connection.close('none', '');
    await client.next('closed');
    expect(await client.connection.answers(60_000)).toBe(false);
    await asked;
  });

  it('tells both ends when one closes, and forgets the connection', async () => {
    const { client, server } = await pair.connect();
    client.connection.close('cancelled', 'enough');
    expect(await server.next('closed')).toMatchObject({ code: 'cancelled', reason: 'enough', byPeer: true });
    expect(await client.next('closed')).toMatchObject({ code: 'cancelled', byPeer: false });
  });

  it('refuses a port that is taken, in words', async () => {
    const { port } = pair.server.path;
    await expect(LanePair.start(path === 'portable', port)).rejects.toMatchObject({ code: 'address-in-use' });
  });
});
