import { decodeTransferMessage, encodeTransferMessage, MAX_MESSAGE_BYTES } from '@jetstream/protocol';
import type { EntryResult } from '@jetstream/storage';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resultMessages } from './result-messages.ts';

function result(index: number, textLength: number): EntryResult {
  const failed = textLength > 0;
  return {
    index,
    kind: 'file',
    code: failed ? 'io-error' : 'none',
    message: 'ä'.repeat(textLength),
    target: '/f',
    bytes: 1,
    digest: new Uint8Array(failed ? 0 : 32),
    skipped: !failed,
  };
}

function indexesTold(results: EntryResult[]): number[][] {
  return [...resultMessages(results)].map((body) => {
    const message = encodeTransferMessage({ body });
    expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    const decoded = decodeTransferMessage(message).body;
    if (decoded.$case !== 'entryResults') throw new Error('another message');
    return decoded.value.results.map(({ index }) => index);
  });
}

describe('resultMessages', () => {
  it('[ST-1] [TR-3] packs any results into messages that fit, each result once and in order', () => {
    const lengths = fc.oneof(fc.constant(0), fc.nat(16_000));
    fc.assert(
      fc.property(fc.array(lengths, { maxLength: 60 }), (texts) => {
        const results = texts.map((length, at) => result(at, length));
        expect(indexesTold(results).flat()).toEqual([...results.keys()]);
      }),
      { numRuns: 40 },
    );
  });

  it('packs thousands of good ones into one message', () => {
    expect(indexesTold(Array.from({ length: 2_000 }, (_, at) => result(at, 0)))).toHaveLength(1);
  });
});
