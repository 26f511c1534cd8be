/** The ranges of message fields, as the .proto files state them (ST-3). */
import {
  ADDRESS_SPACE_BYTES,
  BLOCK_BYTES,
  CONNECTION_ID_BYTES,
  DIGEST_BYTES,
  MAX_BLOCK_CHUNKS,
  MAX_DATAGRAM_BYTES,
  MAX_PATH_BYTES,
  MAX_RATE_BYTES_PER_SECOND,
  MIN_DATAGRAM_BYTES,
  MIN_RATE_BYTES_PER_SECOND,
} from './constants.ts';
import { JetStreamError } from './errors.ts';
import type { HandshakeParameters } from './generated/handshake.ts';
import {
  type BlockDigests,
  type BlockRequest,
  type ControlMessage,
  Direction,
  EntryKind,
  type EntryPlans,
  type EntryResult,
  type HoleRun,
  type Login,
  type ManifestBatch,
  type ManifestEntry,
  type OpenTransfer,
  OverwriteMode,
  type Permissions,
  type RatePolicy,
  RatePolicyName,
  ReceiverActivity,
  type Receiving,
  type ServerIdentity,
  SkipRule,
  TransferLimiter,
  type TransferMessage,
} from './generated/session.ts';

/** Keys offered in one Login (LG-3). */
export const MAX_LOGIN_KEYS = 8;
/** Longest name of a user or account, in bytes of UTF-8. */
export const MAX_USER_NAME_BYTES = 256;
/** Longest password of a user or a token, in bytes of UTF-8. */
export const MAX_PASSWORD_BYTES = 1024;
/** Longest token, in bytes of UTF-8. */
export const MAX_TOKEN_BYTES = 256;
/** Longest public key or signature; an RSA key of 16,384 bits takes 2,071. */
export const MAX_KEY_BYTES = 4096;
/** Texts for people are cut to this many UTF-16 units, not refused. */
export const MAX_TEXT_LENGTH = 4096;
export const MAX_AEADS = 16;
/** By which a sender knows a transfer over all its attempts (TR-6). */
export const TRANSFER_ID_BYTES = 16;
/** Plans in one EntryPlans. */
export const MAX_PLANS = 4096;
/** Numbers in the `have` of all plans of one EntryPlans: with the largest of each it stays within a message. */
export const MAX_HAVE_NUMBERS = 32_768;
/** `BlockDigests.uses`: what is with each chunk of a block. */
export const ChunkUse = { ABSENT: 0, CONTENT: 1, OFFERED: 2 } as const;
export const MIN_CHECKPOINT_INTERVAL_MS = 100;
export const MAX_CHECKPOINT_INTERVAL_MS = 3_600_000;

/** In an address space, and so also the most chunks of a file. */
const MAX_BLOCKS: number = ADDRESS_SPACE_BYTES / BLOCK_BYTES;
const LAST_BLOCK: number = MAX_BLOCKS - 1;
const MAX_MODE = 0o7777;

export function checkControlBody(body: ControlMessage['body']): NonNullable<ControlMessage['body']> {
  switch (body?.$case) {
    case 'login':
      checkLogin(body.value);
      return body;
    case 'loginResult':
      demand(fitsUtf8(body.value.account, MAX_USER_NAME_BYTES), 'account name');
      checkServerIdentity(body.value.server);
      body.value.message = cut(body.value.message);
      return body;
    case 'ratePolicy':
    case 'ratePolicyInForce':
      checkRatePolicy(body.value);
      return body;
    case 'receiveLimit':
      demand(isNoneOrRate(body.value.rate), 'rate');
      return body;
    default:
      body satisfies undefined;
      throw violation('kind of control message');
  }
}

export function checkTransferBody(body: TransferMessage['body']): NonNullable<TransferMessage['body']> {
  switch (body?.$case) {
    case 'open':
      checkOpenTransfer(body.value);
      return body;
    case 'failed':
      demand(body.value.errorCode !== 0, 'error code');
      body.value.message = cut(body.value.message);
      body.value.subject = cut(body.value.subject);
      return body;
    case 'manifestBatch':
      checkManifestBatch(body.value);
      return body;
    case 'blockDigests':
      checkBlockDigests(body.value);
      return body;
    case 'blockRequest':
      checkBlockRequest(body.value);
      return body;
    case 'holeRun':
      checkHoleRun(body.value);
      return body;
    case 'entryPlans':
      checkEntryPlans(body.value);
      return body;
    case 'entryFailed':
      demand(body.value.errorCode !== 0, 'error code');
      body.value.message = cut(body.value.message);
      return body;
    case 'entryResults':
      body.value.results.forEach(checkEntryResult);
      return body;
    case 'sourceProblem':
      demand(body.value.errorCode !== 0, 'error code');
      body.value.source = cut(body.value.source);
      body.value.message = cut(body.value.message);
      return body;
    case 'senderProgress':
      if (!isKnownLimiter(body.value.limiter)) body.value.limiter = TransferLimiter.UNSPECIFIED;
      return body;
    case 'receiverProgress':
      if (!isKnownActivity(body.value.activity)) body.value.activity = ReceiverActivity.UNSPECIFIED;
      return body;
    case 'accepted':
    case 'manifestEnd':
    case 'complete':
      // Counts only, and the decoder takes none below 0 or above 2^53.
      return body;
    default:
      body satisfies undefined;
      throw violation('kind of transfer message');
  }
}

function isKnownLimiter(limiter: number): boolean {
  return limiter >= 0 && limiter <= TransferLimiter.SENDERS_CPU;
}

function isKnownActivity(activity: number): boolean {
  return activity >= 0 && activity <= ReceiverActivity.READING_BACK;
}

export function checkHandshakeParameters(parameters: HandshakeParameters): HandshakeParameters {
  const { connectionId, aeads, maxDatagramBytes } = parameters;
  demand(connectionId.length === 0 || connectionId.length === CONNECTION_ID_BYTES, 'connection id');
  demand(aeads.length <= MAX_AEADS, 'list of AEADs');
  if (maxDatagramBytes === 0) parameters.maxDatagramBytes = MIN_DATAGRAM_BYTES;
  else {
    demand(
      maxDatagramBytes >= MIN_DATAGRAM_BYTES && maxDatagramBytes <= MAX_DATAGRAM_BYTES,
      'max_datagram_bytes',
    );
  }
  parameters.software = cut(parameters.software);
  return parameters;
}

function checkLogin({ user, publicKeys, password, token, tokenPassword, server }: Login): void {
  demand((user.length > 0 || token.length > 0) && fitsUtf8(user, MAX_USER_NAME_BYTES), 'user name');
  demand(fitsUtf8(password, MAX_PASSWORD_BYTES) && fitsUtf8(tokenPassword, MAX_PASSWORD_BYTES), 'password');
  demand(fitsUtf8(token, MAX_TOKEN_BYTES) && (token.length > 0 || tokenPassword.length === 0), 'token');
  const ways = [publicKeys, password, token].filter(({ length }) => length > 0);
  demand(ways.length <= 1, 'way to log in');
  checkServerIdentity(server);
  demand(publicKeys.length <= MAX_LOGIN_KEYS, 'number of keys');
  for (const { publicKey, signature } of publicKeys) {
    demand(publicKey.length <= MAX_KEY_BYTES && signature.length <= MAX_KEY_BYTES, 'key');
  }
}

function checkServerIdentity(server: ServerIdentity | undefined): void {
  if (server !== undefined) demand(isHexId(server.uid) && isHexId(server.id), 'server identity');
}

function isHexId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

function checkRatePolicy({ policy, targetRate, minimumRate, capRate }: RatePolicy): void {
  demand(policy >= RatePolicyName.LOW && policy <= RatePolicyName.FIXED, 'rate policy');
  const isFixed = policy === RatePolicyName.FIXED;
  for (const rate of [targetRate, minimumRate, capRate]) demand(isNoneOrRate(rate), 'rate');
  demand(isFixed === targetRate > 0, 'target rate');
  demand(minimumRate === 0 || (!isFixed && (capRate === 0 || minimumRate <= capRate)), 'minimum rate');
}

function isNoneOrRate(rate: number): boolean {
  return rate === 0 || (rate >= MIN_RATE_BYTES_PER_SECOND && rate <= MAX_RATE_BYTES_PER_SECOND);
}

function checkOpenTransfer(open: OpenTransfer): void {
  const { direction, destinationPath, sourcePaths, receiving, transferId } = open;
  demand(direction === Direction.UPLOAD || direction === Direction.DOWNLOAD, 'direction');
  demand(fitsUtf8(destinationPath, MAX_PATH_BYTES), 'destination path');
  for (const path of sourcePaths) demand(fitsUtf8(path, MAX_PATH_BYTES), 'source path');
  if (receiving !== undefined) checkReceiving(receiving);
  demand(transferId.length === 0 || transferId.length === TRANSFER_ID_BYTES, 'transfer id');
}

/** A mode that we do not know is refused: it may spare files that any other would replace. */
function checkReceiving({ overwrite, skip, checkpointIntervalMs = 0 }: Receiving): void {
  demand(overwrite >= 0 && overwrite <= OverwriteMode.PARTFILE_BACKUP, 'overwrite mode');
  demand(skip >= 0 && skip <= SkipRule.NOTHING, 'skip rule');
  const isInterval =
    checkpointIntervalMs >= MIN_CHECKPOINT_INTERVAL_MS && checkpointIntervalMs <= MAX_CHECKPOINT_INTERVAL_MS;
  demand(checkpointIntervalMs === 0 || isInterval, 'checkpoint interval');
}

function checkManifestBatch({ firstIndex, entries }: ManifestBatch): void {
  demand(Number.isSafeInteger(firstIndex + entries.length), 'entry index');
  entries.forEach(checkManifestEntry);
}

function checkManifestEntry(entry: ManifestEntry): void {
  const { kind, targetPath, size, mtimeNanoseconds, sourceInode, permissions } = entry;
  const isEmpty = size === 0 && sourceInode === 0;
  demand(kind === EntryKind.FILE || (kind === EntryKind.DIRECTORY && isEmpty), 'kind of entry');
  demand(fitsUtf8(targetPath, MAX_PATH_BYTES), 'target path');
  demand(mtimeNanoseconds < 1e9, 'mtime');
  if (permissions !== undefined) checkPermissions(permissions);
}

function checkPermissions({ mode, user, group }: Permissions): void {
  demand(mode <= MAX_MODE, 'mode');
  demand(fitsUtf8(user, MAX_USER_NAME_BYTES) && fitsUtf8(group, MAX_USER_NAME_BYTES), 'name of an owner');
}

function checkBlockDigests({ block, digests, byteLength, uses }: BlockDigests): void {
  demand(block <= LAST_BLOCK, 'block');
  demand(isDigestList(digests), 'list of digests');
  demand(byteLength <= BLOCK_BYTES, 'length of a block');
  const chunks = digests.length / DIGEST_BYTES;
  let sent = chunks;
  if (uses.length > 0) {
    demand(uses.length <= MAX_BLOCK_CHUNKS && uses.every((use) => use <= ChunkUse.OFFERED), 'use of a chunk');
    const absent = countOf(uses, ChunkUse.ABSENT);
    demand(uses.length - absent === chunks, 'list of digests');
    sent = countOf(uses, ChunkUse.CONTENT);
  }
  demand(byteLength > 0 === sent > 0, 'length of a block');
}

function countOf(uses: Uint8Array, use: number): number {
  let count = 0;
  for (const other of uses) if (other === use) count++;
  return count;
}

function checkBlockRequest({ block, chunks }: BlockRequest): void {
  demand(block <= LAST_BLOCK, 'block');
  demand(chunks.length > 0 && chunks.at(-1)! < MAX_BLOCK_CHUNKS && isAscending(chunks), 'list of chunks');
}

function checkHoleRun({ firstChunk, chunks }: HoleRun): void {
  demand(chunks > 0 && firstChunk < MAX_BLOCKS && firstChunk + chunks <= MAX_BLOCKS, 'run of chunks');
}

function checkEntryPlans({ plans, plannedBlocks }: EntryPlans): void {
  demand(plannedBlocks <= MAX_BLOCKS, 'number of blocks');
  demand(plans.length <= MAX_PLANS, 'number of plans');
  let numbers = 0;
  let lastIndex = 0;
  for (const { index, have } of plans) {
    demand(index >= lastIndex, 'order of plans');
    lastIndex = index;
    numbers += have.length;
    demand(have.length % 2 === 0 && numbers <= MAX_HAVE_NUMBERS, 'list of chunks');
    let chunks = 0;
    for (const count of have) {
      chunks += count;
      demand(chunks <= MAX_BLOCKS, 'run of chunks');
    }
  }
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => at === 0 || number > numbers[at - 1]!);
}

function checkEntryResult(result: EntryResult): void {
  demand(result.digest.length === 0 || result.digest.length === DIGEST_BYTES, 'digest');
  result.message = cut(result.message);
}

function isDigestList(digests: Uint8Array): boolean {
  const chunks = digests.length / DIGEST_BYTES;
  return Number.isInteger(chunks) && chunks >= 1 && chunks <= MAX_BLOCK_CHUNKS;
}

const encoder = new TextEncoder();

function fitsUtf8(text: string, maxBytes: number): boolean {
  if (3 * text.length <= maxBytes) return true;
  return text.length <= maxBytes && encoder.encode(text).length <= maxBytes;
}

function cut(text: string): string {
  if (text.length <= MAX_TEXT_LENGTH) return text;
  // Not between the halves of a surrogate pair: such a text could not be encoded again.
  return text.slice(0, MAX_TEXT_LENGTH).replace(/[\ud800-\udbff]$/, '');
}

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw violation(what);
}

function violation(what: string): JetStreamError {
  return new JetStreamError('protocol-violation', `a message has a ${what} that cannot be`);
}
