import { decodeTransferMessage, encodeTransferMessage, MAX_MESSAGE_BYTES } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planMessages } from './plan-messages.ts';

interface Plan {
  index: number;
  digestsFirst: boolean;
  have: readonly number[];
}

function chunksOf(have: readonly number[]): string[] {
  const runs: string[] = [];
  let chunk = 0;
  for (let at = 0; at < have.length; at += 2) {
    chunk += have[at]!;
    runs.push(`${chunk}+${have[at + 1]!}`);
    chunk += have[at + 1]!;
  }
  return runs;
}

/** What the messages say of each file, over the wire. */
function told(plans: Plan[]): { files: Map<number, string[]>; frontiers: number[] } {
  const files = new Map<number, string[]>();
  const frontiers: number[] = [];
  for (const body of planMessages(plans, 9, 4)) {
    const message = encodeTransferMessage({ body });
    expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    const decoded = decodeTransferMessage(message).body;
    if (decoded.$case !== 'entryPlans') throw new Error('another message');
    frontiers.push(decoded.value.plannedBlocks);
    for (const { index, digestsFirst, have } of decoded.value.plans) {
      expect(digestsFirst).toBe(plans.find((plan) => plan.index === index)!.digestsFirst);
      files.set(index, [...(files.get(index) ?? []), ...chunksOf(have)]);
    }
  }
  return { files, frontiers };
}

describe('planMessages', () => {
  it('[ST-1] [PL-2] cuts plans into messages that fit, and nothing is lost or said twice', () => {
    const lengths = fc.oneof(fc.nat(6), fc.constantFrom(16_380, 16_384, 40_000));
    fc.assert(
      fc.property(fc.array(fc.tuple(lengths, fc.boolean()), { maxLength: 6 }), (drawn) => {
        const plans = drawn.map(([runs, digestsFirst], at) => ({
          index: at * 3,
          digestsFirst,
          have: Array.from({ length: runs * 2 }, (_, number) => 1 + (number % 7)),
        }));
        const { files, frontiers } = told(plans);
        expect([...files.keys()]).toEqual(plans.map(({ index }) => index));
        for (const { index, have } of plans) expect(files.get(index)).toEqual(chunksOf(have));
        expect(frontiers.slice(0, -1).every((blocks) => blocks === 4)).toBe(true);
        expect(frontiers.at(-1)).toBe(9);
      }),
      { numRuns: 20 },
    );
  });

  it('tells plans of many files', () => {
    const plans = Array.from({ length: 10_000 }, (_, index) => ({ index, digestsFirst: true, have: [] }));
    expect(told(plans).files.size).toBe(10_000);
  });

  it('moves the frontier also without a plan', () => {
    expect(told([])).toEqual({ files: new Map(), frontiers: [9] });
  });
});
