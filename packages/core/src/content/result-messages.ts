import { errorCodeToWire, type TransferMessage } from '@jetstream/protocol';
import type { EntryResult } from '@jetstream/storage';

/** Stays well below MAX_MESSAGE_BYTES with the longest text added last. */
const MESSAGE_BUDGET_BYTES = 128 * 1024;
/** Everything of a result but its text, encoded, at most. */
const RESULT_FIXED_BYTES = 64;

/** Packs results into EntryResults messages that each fit the message limit (ST-1). */
export function* resultMessages(
  results: readonly EntryResult[],
): Generator<NonNullable<TransferMessage['body']>> {
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < results.length; at++) {
    bytes += RESULT_FIXED_BYTES + Buffer.byteLength(results[at]!.message);
    if (bytes < MESSAGE_BUDGET_BYTES && at + 1 < results.length) continue;
    yield {
      $case: 'entryResults',
      value: {
        results: results.slice(from, at + 1).map(({ index, code, message, digest, skipped }) => ({
          index,
          errorCode: errorCodeToWire(code),
          message,
          digest,
          skipped,
        })),
      },
    };
    from = at + 1;
    bytes = 0;
  }
}
