import type { ReceivingOptions, UploadOptions } from '@jetstream/core';
import type { OptionValues } from './option-table.ts';
import { parseSeconds } from './seconds.ts';
import { usageError } from './usage-error.ts';

/** What is done with files that are there, and how sure it is to be made of those that arrive. */
export type Receiving = ReceivingOptions & Pick<UploadOptions, 'verify' | 'preserve'>;

/** In the words of the command line; the first is the default. */
const OVERWRITE_MODES = {
  always: 'partfile-always',
  never: 'partfile-never',
  backup: 'partfile-backup',
  'in-place': 'in-place-always',
  'in-place-never': 'in-place-never',
  'in-place-same-size': 'in-place-same-size',
} as const satisfies Record<
  NonNullable<OptionValues['overwrite']>,
  NonNullable<ReceivingOptions['overwrite']>
>;

const MAX_CHECKPOINT_SECONDS = 3_600;
const MIN_CHECKPOINT_SECONDS = 0.1;

/** Options that say how to write, or what not to send: a comparison does neither. */
const NOT_WITH_VERIFY = ['overwrite', 'checksum', 'whole', 'read-back', 'preserve', 'checkpoint'] as const;

/** @throws JetStreamError `invalid-argument` for options that do not go with each other, and for a time that is none */
export function readReceiving(values: OptionValues): Receiving {
  const { verify = false, checksum = false, whole = false, overwrite, checkpoint } = values;
  const clash = NOT_WITH_VERIFY.find((name) => values[name] !== undefined && values[name] !== false);
  if (verify && clash !== undefined)
    throw usageError(`--verify compares and writes nothing: --${clash} does not go with it`);
  if (checksum && whole) throw usageError('--checksum and --whole exclude each other');
  return {
    ...(verify && { verify }),
    ...(overwrite !== undefined && { overwrite: OVERWRITE_MODES[overwrite] }),
    ...(checksum && { skip: 'by-digest' as const }),
    ...(whole && { skip: 'nothing' as const }),
    ...(values['read-back'] && { readBack: true }),
    ...(values.preserve && { preserve: true }),
    ...(checkpoint !== undefined && { checkpointIntervalMs: readCheckpoint(checkpoint) }),
  };
}

function readCheckpoint(text: string): number | null {
  if (text === 'none') return null;
  return Math.round(
    parseSeconds('--checkpoint', text, {
      least: MIN_CHECKPOINT_SECONDS,
      most: MAX_CHECKPOINT_SECONDS,
      orNone: true,
    }) * 1000,
  );
}
