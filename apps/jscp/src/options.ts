import type { Shell } from '@jetstream/command-line/completion';
import type { RatePolicyOptions } from '@jetstream/core';
import { type CopyPlan, planCopy } from './copy-plan.ts';
import { OPTIONS } from './option-table.ts';
import { parsePlainly } from './plain-parser.ts';
import { readRatePolicy } from './rate-policy.ts';
import { type Receiving, readReceiving } from './receiving.ts';
import { parseSeconds } from './seconds.ts';
import { readToken, type Token } from './token.ts';
import { usageError } from './usage-error.ts';
import type { ViaOptions } from './via/via-options.ts';

/** Everything one copy needs, each value parsed and in its range. */
export interface JscpOptions {
  plan: CopyPlan;
  port: number | undefined;
  identityFile: string | undefined;
  /** Logs in instead of a key. */
  token: Token | undefined;
  knownHostsFile: string | undefined;
  acceptNew: boolean;
  ratePolicy: RatePolicyOptions | undefined;
  congestion: 'bbr' | 'cubic' | undefined;
  portable: boolean;
  pathMemory: boolean;
  connectTimeoutMs: number;
  /** 0: a lost connection ends the copy. */
  reconnectTimeoutMs: number;
  receiving: Receiving;
  symlinks: 'follow' | 'ignore';
  output: 'progress' | 'quiet' | 'json';
}

export type Command =
  | { do: 'copy'; options: JscpOptions }
  | { do: 'copy-via'; options: ViaOptions }
  | { do: 'print-identity' }
  | { do: 'print-completion'; shell: Shell }
  | { do: 'print-version' }
  | { do: 'print-help'; text: string };

const MAX_CONNECT_SECONDS = 3_600;
/** A week. */
const MAX_RECONNECT_SECONDS = 604_800;

/** Short options that take a value; POSIX lets the value follow at once (`-P8886`). */
const ATTACHED_VALUE = /^(-[dPil])=?(.+)$/s;

/**
 * @param argv the command line without node and script
 * @throws JetStreamError `invalid-argument`, in one line
 */
export async function parseCommandLine(argv: readonly string[], columns = 80): Promise<Command> {
  const words = splitAttachedValues(argv);
  const full = () => import('./full-parser.ts');
  const { values, operands } = parsePlainly(words) ?? (await full()).parseFully(words);
  if (values.help) return { do: 'print-help', text: await (await full()).helpText(columns) };
  if (values.version) return { do: 'print-version' };
  if (values['print-identity']) return { do: 'print-identity' };
  if (values.completion) return { do: 'print-completion', shell: values.completion };
  if (values.json && values.q) throw usageError('--json and -q exclude each other');

  const port = values.P === undefined ? undefined : parsePort(values.P);
  const common = {
    identityFile: values.i,
    acceptNew: values['accept-new'] ?? false,
    connectTimeoutMs:
      1000 *
      parseSeconds('--connect-timeout', values['connect-timeout'] ?? OPTIONS['connect-timeout'].default, {
        most: MAX_CONNECT_SECONDS,
      }),
    reconnectTimeoutMs: parseReconnect(values.reconnect ?? OPTIONS.reconnect.default) * 1000,
    output: values.json ? ('json' as const) : values.q ? ('quiet' as const) : ('progress' as const),
  };
  const { via } = values;
  if (via !== undefined) {
    const { readViaOptions } = await import('./via/via.ts');
    const options = readViaOptions({ ...values, via }, operands, { ...common, port }, process.env);
    return { do: 'copy-via', options };
  }
  const stray = (['via-key', 'leave-running', 'detach'] as const).find((name) => values[name]);
  if (stray !== undefined) throw usageError(`--${stray} goes with --via`);

  const plan = planCopy(operands, values.d);
  return {
    do: 'copy',
    options: {
      ...common,
      plan,
      port: port ?? plan.link?.port,
      token: readToken({
        link: plan.link?.token,
        file: values['token-file'],
        hasKey: values.i !== undefined,
        environment: process.env,
      }),
      knownHostsFile: values['known-hosts'],
      ratePolicy: readRatePolicy({
        policy: values.policy,
        rate: values.rate,
        minRate: values['min-rate'],
        maxRate: values['max-rate'],
      }),
      congestion: values.congestion,
      portable: values.datagrams === 'portable',
      pathMemory: !values['no-path-memory'],
      receiving: readReceiving(values),
      symlinks: values.symlinks ?? OPTIONS.symlinks.default,
    },
  };
}

function splitAttachedValues(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  const split = options.flatMap((word) => ATTACHED_VALUE.exec(word)?.slice(1) ?? [word]);
  return end < 0 ? split : [...split, ...argv.slice(end)];
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw usageError(`-P ${text}: a port is a number from 1 to 65535`);
  return port;
}

function parseReconnect(text: string): number {
  if (text === 'none') return 0;
  return parseSeconds('--reconnect', text, { most: MAX_RECONNECT_SECONDS, orNone: true });
}
