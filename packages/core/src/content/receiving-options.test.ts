import { Direction, decodeTransferMessage, encodeTransferMessage } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import type { ReceivingOptions } from '../contract.ts';
import {
  checkReceivingOptions,
  decodeReceiving,
  encodeReceiving,
  type ReceivingRules,
} from './receiving-options.ts';

function overTheWire(rules: ReceivingRules): ReceivingRules {
  const value = {
    direction: Direction.UPLOAD,
    destinationPath: '',
    sourcePaths: [],
    followSymlinks: true,
    receiving: encodeReceiving(rules),
    verify: false,
    preserve: false,
    transferId: new Uint8Array(),
  };
  const { body } = decodeTransferMessage(encodeTransferMessage({ body: { $case: 'open', value } }));
  if (body.$case !== 'open') throw new Error(body.$case);
  return decodeReceiving(body.value.receiving);
}

describe('how a side receives', () => {
  it('comes over the wire as it was', () => {
    const all: ReceivingOptions[] = [
      {},
      { overwrite: 'in-place-never', skip: 'by-digest', readBack: true, checkpointIntervalMs: null },
      { overwrite: 'in-place-always', skip: 'nothing', checkpointIntervalMs: 100 },
      { overwrite: 'in-place-same-size', skip: 'by-status', checkpointIntervalMs: 3_600_000 },
      { overwrite: 'partfile-never' },
      { overwrite: 'partfile-backup' },
    ];
    for (const options of all) {
      const rules = checkReceivingOptions(options);
      expect(overTheWire(rules)).toEqual(rules);
    }
  });

  it('is as by default where nothing is said', () => {
    expect(decodeReceiving(undefined)).toEqual({
      overwrite: 'partfile-always',
      skip: 'by-status',
      readBack: false,
      checkpointIntervalMs: 5_000,
    });
    expect(decodeReceiving({ overwrite: 0, skip: 0, readBack: false })).toEqual(checkReceivingOptions({}));
  });

  it('is refused by name when it cannot be', () => {
    const refused = expect.objectContaining({ code: 'invalid-argument' });
    for (const options of [
      { overwrite: 'sometimes' },
      { skip: 'toString' },
      { checkpointIntervalMs: 99 },
      { checkpointIntervalMs: 3_600_001 },
      { checkpointIntervalMs: Number.NaN },
    ] as ReceivingOptions[])
      expect(() => checkReceivingOptions(options)).toThrow(refused);
  });
});
