import { type EntryPlan, MAX_HAVE_NUMBERS, MAX_PLANS, type TransferMessage } from '@jetstream/protocol';

/** Of a plan, whatever it says: a message of many stays below its limit. */
const PLAN_BYTES_IN_NUMBERS = 4;

/**
 * Cuts plans into EntryPlans messages that each fit the message limit (ST-1), the plan of one file too if need be: what several say of
 * a file adds up.
 * @param before blocks planned until now: the frontier moves with the last message, so that nothing is begun before all plans are there
 */
export function* planMessages(
  plans: readonly { index: number; digestsFirst: boolean; have: readonly number[] }[],
  plannedBlocks: number,
  before: number,
): Generator<NonNullable<TransferMessage['body']>> {
  let message: EntryPlan[] = [];
  let numbers = 0;
  for (const { index, digestsFirst, have } of plans) {
    let at = 0;
    let chunk = 0;
    do {
      if (message.length === MAX_PLANS || numbers + PLAN_BYTES_IN_NUMBERS + 2 > MAX_HAVE_NUMBERS) {
        yield { $case: 'entryPlans', value: { plans: message, plannedBlocks: before } };
        message = [];
        numbers = 0;
      }
      const room = MAX_HAVE_NUMBERS - numbers - PLAN_BYTES_IN_NUMBERS;
      const part = have.slice(at, at + room - (room % 2));
      at += part.length;
      numbers += part.length + PLAN_BYTES_IN_NUMBERS;
      const end = part.reduce((sum, count) => sum + count, chunk);
      // Each begins to count anew from the start of the file.
      if (chunk > 0 && part.length > 0) part[0]! += chunk;
      chunk = end;
      message.push({ index, digestsFirst, have: part });
    } while (at < have.length);
  }
  yield { $case: 'entryPlans', value: { plans: message, plannedBlocks } };
}
