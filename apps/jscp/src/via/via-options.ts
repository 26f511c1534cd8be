import type { Arguments } from '@jetstream/core/api-client';
import { type CopyPlan, planCopy } from '../copy-plan.ts';
import { parseOperand } from '../operands.ts';
import { OPTIONS, type OptionValues } from '../option-table.ts';
import { readRatePolicy } from '../rate-policy.ts';
import { readReceiving } from '../receiving.ts';
import { usageError } from '../usage-error.ts';
import { readFarCredentials } from './far-credentials.ts';
import { parseViaHost, type ViaHost } from './via-host.ts';

type Submission = Arguments<'send.submitTransfer'>;

/** Everything that a copy from server to server needs. */
export interface ViaOptions {
  via: ViaHost;
  /** Of the far side, for what is said of it. */
  destination: string;
  submission: Submission;
  identityFile: string | undefined;
  acceptNew: boolean;
  connectTimeoutMs: number;
  /** 0: the first loss of the connection to `via` ends the following. */
  reconnectTimeoutMs: number;
  verify: boolean;
  /** Ctrl-C ends jscp, and not the copy. */
  leaveRunning: boolean;
  /** Nothing is followed. */
  detach: boolean;
  output: 'progress' | 'quiet' | 'json';
}

/** Read by the caller, as for any copy. */
export type CommonOptions = Pick<
  ViaOptions,
  'identityFile' | 'acceptNew' | 'connectTimeoutMs' | 'reconnectTimeoutMs' | 'output'
> & { port: number | undefined };

/** What only a client that sends or receives itself can do. */
const NOT_WITH_VIA = [
  ...(['token-file', 'min-rate', 'known-hosts', 'congestion', 'datagrams', 'no-path-memory'] as const),
] as const;

/** Numbers of the API. */
const OVERWRITE_MODES = {
  'in-place-never': 0,
  'in-place': 1,
  'in-place-same-size': 2,
  never: 3,
  always: 4,
  backup: 5,
} as const satisfies Record<NonNullable<OptionValues['overwrite']>, number>;

/**
 * @param values of the command line, with `via`
 * @throws JetStreamError `invalid-argument`; `not-found`, `permission-denied` of the file of `--via-key`
 */
export function readViaOptions(
  values: OptionValues & { via: string },
  operands: readonly string[],
  { port, ...common }: CommonOptions,
  environment: NodeJS.ProcessEnv,
): ViaOptions {
  refuseOthers(values);
  const plan = planViaCopy(operands, values.d);
  return {
    ...common,
    via: parseViaHost(values.via),
    destination: plan.host,
    submission: {
      destination: {
        destinationAddress: plan.host,
        ...(port !== undefined && { destinationPort: port }),
        ...(plan.user !== undefined && { userName: plan.user }),
        ...readFarCredentials(values['via-key'], environment),
        ...rateOf(values),
      },
      manifest: {
        fileMappings: plan.mappings.map(({ source, target }) => ({ source, target: target || '/' })),
        symlinkMode: values.symlinks ?? OPTIONS.symlinks.default,
      },
      transfer: transferOf(values, plan),
    },
    verify: values.verify ?? false,
    leaveRunning: values['leave-running'] ?? false,
    detach: values.detach ?? false,
  };
}

function refuseOthers(values: OptionValues): void {
  const given = NOT_WITH_VIA.find(
    (name) =>
      values[name] !== undefined &&
      values[name] !== false &&
      !(name === 'datagrams' && values[name] === OPTIONS[name].default),
  );
  if (given !== undefined)
    throw usageError(`--${given} does not go with --via: another server does the copying`);
}

/** Sources are named as the other server sees them, which has no working directory. */
function planViaCopy(operands: readonly string[], destinationPath: string | undefined): CopyPlan {
  for (const text of operands.slice(0, -1)) {
    const source = parseOperand(text);
    if (source.kind !== 'local') {
      throw usageError('sources of --via are paths at the server that it names, without a host');
    }
    if (!source.path.startsWith('/')) {
      throw usageError(`"${text}" is not absolute: sources of --via are paths at the server that it names`);
    }
  }
  const target = operands.at(-1);
  if (operands.length > 1 && parseOperand(target!).kind !== 'remote') {
    throw usageError(`"${target}" is no target for --via: write [user@]host:path`);
  }
  return planCopy(operands, destinationPath);
}

/** What is left out is as the server has it. */
function transferOf(values: OptionValues, { destinationPath }: CopyPlan): Submission['transfer'] {
  const { verify, skip, readBack, preserve, checkpointIntervalMs } = readReceiving(values);
  return {
    ...(destinationPath !== undefined && { destinationPath }),
    ...(values.overwrite !== undefined && { overwriteMode: OVERWRITE_MODES[values.overwrite] }),
    ...(skip !== undefined && { skipRule: skip }),
    ...(verify && { verify }),
    ...(readBack && { readBack }),
    ...(preserve && { preserve }),
    ...(checkpointIntervalMs !== undefined && {
      checkpointFrequencySeconds: checkpointIntervalMs === null ? null : checkpointIntervalMs / 1_000,
    }),
  };
}

function rateOf(
  values: OptionValues,
): Pick<NonNullable<Submission['destination']>, 'ratePolicy' | 'sendRateMax'> {
  const { policy, rate, 'max-rate': maxRate } = values;
  const options = readRatePolicy({ policy, rate, minRate: undefined, maxRate });
  const { targetBitsPerSecond, capBitsPerSecond } = options ?? {};
  const bitsPerSecond = Math.min(targetBitsPerSecond ?? Infinity, capBitsPerSecond ?? Infinity);
  return {
    ...(policy !== undefined && { ratePolicy: policy }),
    ...(bitsPerSecond !== Infinity && { sendRateMax: Math.floor(bitsPerSecond / 1_000) }),
  };
}
