import type { ManifestEntry } from '@jetstream/manifest';
import { decodeTransferMessage, encodeTransferMessage, MAX_MESSAGE_BYTES } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifestMessages } from './manifest-messages.ts';

describe('manifestMessages', () => {
  it('[ST-1] cuts any batch into messages that fit, with every entry once and in order', () => {
    const entry = fc.record({
      kind: fc.constantFrom('file' as const, 'directory' as const),
      targetPath: fc.nat(4_096).map((length) => 'p'.repeat(Math.max(1, length))),
      mtimeSeconds: fc.integer(),
      mtimeNanoseconds: fc.nat(999_999_999),
      executable: fc.boolean(),
      permissions: fc.option(
        fc.record({
          mode: fc.nat(0o7777),
          uid: fc.nat(2 ** 31),
          gid: fc.nat(2 ** 31),
          user: fc.constant('u'.repeat(256)),
          group: fc.constant('g'.repeat(256)),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.array(entry, { maxLength: 300 }), (firstIndex, drawn) => {
        const entries: ManifestEntry[] = drawn.map((fields, at) => ({
          ...fields,
          size: fields.kind === 'file' ? at : 0,
          sourceInode: fields.kind === 'file' ? 2 ** 53 - 1 : 0,
        }));
        let next = firstIndex;
        for (const body of manifestMessages(firstIndex, entries)) {
          const message = encodeTransferMessage({ body });
          expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
          const decoded = decodeTransferMessage(message).body;
          if (decoded.$case !== 'manifestBatch') throw new Error('another message');
          expect(decoded.value.firstIndex).toBe(next);
          for (const { targetPath } of decoded.value.entries) {
            expect(targetPath).toBe(entries[next - firstIndex]!.targetPath);
            next++;
          }
        }
        expect(next).toBe(firstIndex + entries.length);
      }),
      { numRuns: 40 },
    );
  });
});
