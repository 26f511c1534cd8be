import {
  type ApiClient,
  type ApiConnectOptions,
  askPassword,
  type CommandName,
  commandDefinition,
  commandOptions,
  confirmCertificate,
  connectApi,
  type Json,
  type OptionKind,
  parseParameters,
} from '@jetstream/core/api-client';
import { JetStreamError } from '@jetstream/protocol';
import { API_OPTIONS, ASYNC_OPTIONS, COMMON_OPTIONS, EVENTS, WATCH_OPTIONS } from './api-options.ts';
import { findCommand } from './command-names.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { apiHelp, commandHelp, watchHelp } from './help.ts';
import { json, optionValue } from './option-value.ts';
import { type GivenOptions, takeOptions } from './option-words.ts';
import { sortedJson } from './sorted-json.ts';
import { usage } from './usage.ts';

interface Call {
  target: ApiConnectOptions;
  raise: ('superuser' | 'wrangler')[];
  signal: AbortSignal;
}

/**
 * `jetstream api`: one command of the API.
 * @returns the exit status
 * @throws JetStreamError what went wrong
 */
export async function runApi(argv: readonly string[]): Promise<number> {
  const columns = process.stdout.columns ?? 100;
  const { options, rest } = takeOptions(argv, (name) => API_OPTIONS[name]?.kind);
  const [word, ...words] = rest;
  if (options.has('help') || word === undefined) {
    if (!options.has('help')) throw usage('no command given');
    return print(apiHelp(columns));
  }
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  process.once('SIGTERM', () => stopping.abort());
  const call: Call = {
    target: readTarget(options, stopping.signal),
    raise: (['superuser', 'wrangler'] as const).filter((role) => options.get(role)?.[0] === 'true'),
    signal: stopping.signal,
  };
  if (word === 'watch') return watch(words, call, columns);
  const command = findCommand(word);
  const given = takeOptions(words, (name) => kindOf(command, name));
  if (given.options.has('help')) return print(commandHelp(command, columns));
  return runCommand(command, given, call);
}

function readTarget(options: GivenOptions['options'], signal: AbortSignal): ApiConnectOptions {
  const port = options.get('api-control-port')?.[0] ?? '8886';
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw usage('--api-control-port is a number from 1 to 65535');
  }
  const [user] = options.get('user') ?? [];
  const [identityFile] = options.get('identity') ?? [];
  const isAtTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    host: options.get('host')?.[0] ?? 'localhost',
    port: Number(port),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile }),
    ...(isAtTerminal && {
      unknownHost: (server) => confirmCertificate(server, signal),
      askPassword: (name, host) => askPassword(`Password of ${name} at ${host}: `, signal),
    }),
    ...(options.get('accept-new')?.[0] === 'true' && { unknownHost: 'accept-new' }),
  };
}

function kindOf(command: CommandName, name: string): OptionKind | undefined {
  const own = commandOptions(command).find((option) => option.name === name);
  const more = { ...(commandDefinition(command).work && ASYNC_OPTIONS), ...COMMON_OPTIONS };
  return own?.kind ?? more[name]?.kind;
}

async function runCommand(
  command: CommandName,
  { options, rest }: GivenOptions,
  call: Call,
): Promise<number> {
  if (rest.length > 0) throw usage(`unexpected ${JSON.stringify(rest[0])}`);
  const parameters = readParameters(command, options);
  // What is wrong with them is known before anybody is asked for a password.
  parseParameters(command, parameters);
  const { signal } = call;
  return withClient(call, needsLogIn(command, call), async (client) => {
    const answer = await answerTo(client, command, parameters, signal);
    const waits = options.get('wait')?.[0] === 'true';
    const result = waits
      ? await client.waitForRequest((answer as { requestId: string }).requestId, { signal })
      : answer;
    print(`${sortedJson(result)}\n`);
    return isWaitFor(command) && (result as { status: string }).status !== 'complete'
      ? EXIT_CODES.failed.status
      : EXIT_CODES.ok.status;
  });
}

function readParameters(command: CommandName, options: GivenOptions['options']): Record<string, Json> {
  const all = options.get('parameters')?.[0];
  const parameters = all === undefined ? {} : json('parameters', all);
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    throw usage('--parameters is a JSON object');
  }
  const single = commandOptions(command).flatMap((option) => {
    const words = options.get(option.name);
    return words ? [[option.name, optionValue(option, words)] as const] : [];
  });
  return { ...parameters, ...Object.fromEntries(single) };
}

/** Waiting has no end here but the end of what is waited for, unless a time is given. */
async function answerTo(
  client: ApiClient,
  command: CommandName,
  parameters: Record<string, Json>,
  signal: AbortSignal,
): Promise<unknown> {
  if (!('timeoutMs' in parameters)) {
    if (command === 'send.waitForManifest')
      return client.waitForManifest(String(parameters.manifestId), { signal });
    if (command === 'send.waitForTransfer')
      return client.waitForTransfer(String(parameters.transferId), { signal });
    if (command === 'getRequestResult')
      return client.waitForRequest(String(parameters.requestId), { signal });
  }
  // Only a complete manifest can be sent, and a script has it made in the line before.
  if (command === 'send.createTransfer')
    await client.waitForManifest(String(parameters.manifestId), { signal });
  return client.call(command, parameters as never, { signal });
}

function isWaitFor(command: CommandName): boolean {
  return command === 'send.waitForManifest' || command === 'send.waitForTransfer';
}

/** Who may be anyone is nobody, unless he says who he is. A request is of the account that made it. */
function needsLogIn(command: CommandName, { target, raise }: Call): boolean {
  if (commandDefinition(command).access !== 'anyone' || command.startsWith('getRequest')) return true;
  return !command.startsWith('auth') && (target.user !== undefined || raise.length > 0);
}

async function withClient(
  { target, raise, signal }: Call,
  logIn: boolean,
  work: (client: ApiClient) => Promise<number>,
): Promise<number> {
  const client = await connectApi({ ...target, logIn });
  try {
    for (const role of raise) await client.call(role, {}, { signal });
    return await work(client);
  } finally {
    // Scripts make many sessions, and an account may have only so many.
    if (logIn) await client.call('logout', {}, { timeoutMs: 2_000 }).catch(() => {});
    await client.close();
  }
}

async function watch(words: readonly string[], call: Call, columns: number): Promise<number> {
  const { options, rest } = takeOptions(words, (name) => WATCH_OPTIONS[name]?.kind);
  if (options.has('help')) return print(watchHelp(columns));
  if (rest.length > 0) throw usage(`unexpected ${JSON.stringify(rest[0])}`);
  const events = options.get('events');
  const unknown = events?.find((name) => !EVENTS.includes(name));
  if (unknown !== undefined)
    throw usage(`there is no event ${JSON.stringify(unknown)}; there are: ${EVENTS.join(', ')}`);
  return withClient(call, true, async (client) => {
    const stream = await client.subscribe({ signal: call.signal, ...(events && { events }) });
    for await (const event of stream) print(`${sortedJson(event, 0)}\n`);
    throw new JetStreamError('cancelled', 'stopped on request');
  });
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT_CODES.ok.status;
}
