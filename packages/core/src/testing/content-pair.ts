import { SYSTEM_ROOT } from '@jetstream/manifest';
import {
  decodeTransferMessage,
  encodeTransferMessage,
  JetStreamError,
  receiveTransferMessage,
  type TransferBody,
} from '@jetstream/protocol';
import { BlockMemory } from '../block-memory.ts';
import { ContentReceiver, type ContentReceiverOptions } from '../content/content-receiver.ts';
import { ContentSender } from '../content/content-sender.ts';
import { checkReceivingOptions } from '../content/receiving-options.ts';
import type { FileOutcome, ReceivingOptions } from '../contract.ts';
import type { ContentHandler, TransferPort } from '../session/session.ts';
import { BulkLink } from './bulk-link.ts';
import { localStorage, type WriterChanges } from './local-storage.ts';

export interface ContentPairOptions {
  /** Directories: what is in the one comes to be in the other. */
  source: string;
  target: string;
  /** As the sender knows it; default 100. */
  rttUs?: number;
  receiving?: ReceivingOptions;
  receiver?: ContentReceiverOptions;
  change?: WriterChanges;
  /** Sees each message that is sent. */
  onMessage?: (body: TransferBody) => void;
  /** The link is lost when so many blocks were acknowledged. */
  lostAfterBlocks?: number;
  /** May change a block's content on its way. */
  tamper?: (block: number, again: boolean, bytes: Uint8Array) => void;
}

export interface ContentPairOutcome {
  /** Undefined: complete at both ends. */
  error: JetStreamError | undefined;
  /** As the receiver and as the sender tell. */
  received: FileOutcome[];
  sent: FileOutcome[];
  /** Messages that went over. */
  messages: TransferBody[];
  blocks: BulkLink['sent'];
  progress: { writtenBytes: number; durableBytes: number; presentBytes: number };
}

/** Copies a tree from a sender of content to a receiver in one thread, over a link without loss or delay. */
export async function copyContent(options: ContentPairOptions): Promise<ContentPairOutcome> {
  const {
    source,
    target,
    rttUs = 100,
    receiving = {},
    receiver: receiverOptions = {},
    change,
    tamper,
    lostAfterBlocks,
    onMessage,
  } = options;
  const { verify = false, journal } = receiverOptions;
  const outcome: ContentPairOutcome = {
    error: undefined,
    received: [],
    sent: [],
    messages: [],
    blocks: [],
    progress: { writtenBytes: 0, durableBytes: 0, presentBytes: 0 },
  };
  const memory = new BlockMemory(16);
  const [reading, writing] = [await localStorage(), await localStorage(change)];
  let acked = 0;
  let onOver!: () => void;
  const over = new Promise<void>((resolve) => (onOver = resolve));
  const fail = (error: unknown) => {
    outcome.error ??= error instanceof JetStreamError ? error : new JetStreamError('internal', String(error));
    onOver();
  };
  const link: BulkLink = new BulkLink({
    onBlockReceived: (block, bytes) => {
      tamper?.(
        block,
        link.sent.some((sent) => sent.block === block && sent.again),
        bytes,
      );
      receiver.onBlockReceived(block, bytes);
    },
    onBlockAcked: (block) => {
      acked++;
      if (acked === lostAfterBlocks) fail(new JetStreamError('connection-lost', 'the link is lost'));
      sender.onBlockAcked(block);
    },
    onBroken: fail,
  });
  const connection = {
    stats: { minRttUs: rttUs },
    openBulkSender: () => undefined,
    openBulkReceiver: () => undefined,
    offerBlock: (_: number, block: number, bytes: Uint8Array, byteLength: number) => {
      link.offer(block, bytes, byteLength, memory);
      return true;
    },
    expectBlock: (_: number, block: number, byteLength: number) => link.expect(block, byteLength),
    releaseBlock: (_: number, block: number, again: boolean) => link.release(block, again),
    requestBlock: (_: number, block: number) => link.request(block),
  };
  const portTo = (peer: () => ContentHandler): TransferPort => {
    let chain: Promise<unknown> = Promise.resolve();
    const port = {
      transfer: 1,
      connection,
      send: (body: TransferBody) => port.sendEncoded(encodeTransferMessage({ body })),
      sendEncoded: (encoded: Uint8Array) => {
        const { body } = decodeTransferMessage(encoded);
        outcome.messages.push(body);
        onMessage?.(body);
        chain = chain.then(() => peer().onMessage(receiveTransferMessage(encoded))).catch(fail);
      },
      writable: () => undefined,
      close: () => undefined,
    };
    return port as unknown as TransferPort;
  };
  let complete = 0;
  const onComplete = () => {
    complete++;
    if (complete === 2) onOver();
  };
  const ignored = { onTotals: () => undefined, onLimiter: () => undefined, onFileBegun: () => undefined };
  const sender: ContentSender = new ContentSender(
    portTo(() => receiver),
    reading,
    memory,
    {
      ...ignored,
      onFiles: (files) => outcome.sent.push(...files),
      onProgress: () => undefined,
      onComplete,
      onFailed: fail,
    },
  );
  const receiver: ContentReceiver = new ContentReceiver(
    portTo(() => sender),
    writing,
    {
      ...ignored,
      onFiles: (files) => outcome.received.push(...files),
      onProgress: (writtenBytes, durableBytes, presentBytes) => {
        outcome.progress = { writtenBytes, durableBytes, presentBytes };
      },
      onComplete,
      onFailed: fail,
    },
    receiverOptions,
  );
  const { checkpointIntervalMs: _, ...rules } = checkReceivingOptions(receiving);
  await writing.call('openWriter', {
    actAs: undefined,
    rule: 'mappings',
    transferId: '0123456789abcdef',
    localTargets: [target],
    ...rules,
    verify,
    preserve: false,
    resumable: journal !== undefined,
  });
  await reading.call('openReader', {
    actAs: undefined,
    sandbox: SYSTEM_ROOT,
    mappings: [{ source, target: '0' }],
    symlinks: 'follow',
    verify,
    preserve: false,
  });
  sender.start();
  await over;
  sender.stop();
  await receiver.end();
  await Promise.all([reading.close(), writing.close()]);
  outcome.blocks = link.sent;
  return outcome;
}
