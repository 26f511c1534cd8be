import {
  JetStreamError,
  MAX_CHECKPOINT_INTERVAL_MS,
  MIN_CHECKPOINT_INTERVAL_MS,
  OverwriteModeNumber,
  type Receiving,
  SkipRuleNumber,
} from '@jetstream/protocol';
import type { OverwriteMode, SkipRule } from '@jetstream/storage';
import type { ReceivingOptions } from '../contract.ts';

const DEFAULT_CHECKPOINT_INTERVAL_MS = 5_000;

const OVERWRITE_MODES: Readonly<Record<OverwriteMode, OverwriteModeNumber>> = {
  'in-place-never': OverwriteModeNumber.IN_PLACE_NEVER,
  'in-place-always': OverwriteModeNumber.IN_PLACE_ALWAYS,
  'in-place-same-size': OverwriteModeNumber.IN_PLACE_SAME_SIZE,
  'partfile-never': OverwriteModeNumber.PARTFILE_NEVER,
  'partfile-always': OverwriteModeNumber.PARTFILE_ALWAYS,
  'partfile-backup': OverwriteModeNumber.PARTFILE_BACKUP,
};
const SKIP_RULES: Readonly<Record<SkipRule, SkipRuleNumber>> = {
  'by-status': SkipRuleNumber.BY_STATUS,
  'by-digest': SkipRuleNumber.BY_DIGEST,
  nothing: SkipRuleNumber.NOTHING,
};

/** How a side receives; complete. */
export interface ReceivingRules {
  overwrite: OverwriteMode;
  skip: SkipRule;
  readBack: boolean;
  /** null: no checkpoints. */
  checkpointIntervalMs: number | null;
}

/** @throws JetStreamError `invalid-argument` for what cannot be */
export function checkReceivingOptions(options: ReceivingOptions): ReceivingRules {
  const {
    overwrite = 'partfile-always',
    skip = 'by-status',
    readBack = false,
    checkpointIntervalMs = DEFAULT_CHECKPOINT_INTERVAL_MS,
  } = options;
  if (!Object.hasOwn(OVERWRITE_MODES, overwrite)) throw unusable(`${overwrite} is no overwrite mode`);
  if (!Object.hasOwn(SKIP_RULES, skip)) throw unusable(`${skip} is no rule for what to skip`);
  const isInterval =
    checkpointIntervalMs === null ||
    (Number.isInteger(checkpointIntervalMs) &&
      checkpointIntervalMs >= MIN_CHECKPOINT_INTERVAL_MS &&
      checkpointIntervalMs <= MAX_CHECKPOINT_INTERVAL_MS);
  if (!isInterval) {
    throw unusable(
      `a checkpoint interval is ${MIN_CHECKPOINT_INTERVAL_MS} to ${MAX_CHECKPOINT_INTERVAL_MS} ms, or null`,
    );
  }
  return { overwrite, skip, readBack, checkpointIntervalMs };
}

export function encodeReceiving(rules: ReceivingRules): Receiving {
  return {
    overwrite: OVERWRITE_MODES[rules.overwrite],
    skip: SKIP_RULES[rules.skip],
    readBack: rules.readBack,
    checkpointIntervalMs: rules.checkpointIntervalMs ?? 0,
  };
}

/** @param receiving one that the decoder let through, so that all is in range (ST-3); undefined: as by default */
export function decodeReceiving(receiving: Receiving | undefined): ReceivingRules {
  const byDefault = checkReceivingOptions({});
  if (receiving === undefined) return byDefault;
  const { checkpointIntervalMs = DEFAULT_CHECKPOINT_INTERVAL_MS } = receiving;
  return {
    overwrite: nameOf(OVERWRITE_MODES, receiving.overwrite) ?? byDefault.overwrite,
    skip: nameOf(SKIP_RULES, receiving.skip) ?? byDefault.skip,
    readBack: receiving.readBack,
    checkpointIntervalMs: checkpointIntervalMs === 0 ? null : checkpointIntervalMs,
  };
}

function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  wire: number,
): Name | undefined {
  return (Object.keys(numbers) as Name[]).find((name) => numbers[name] === wire);
}

function unusable(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', message);
}
