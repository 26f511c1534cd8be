import { isAbsolute, join } from 'node:path';
import { parseBitRate, type ServerOptions } from '@jetstream/core';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
const CONTROLLERS = ['bbr', 'cubic'] as const;
const POLICIES = ['low', 'fair', 'high', 'fixed'] as const;
const DATAGRAM_PATHS = ['auto', 'portable'] as const;

export interface ServerOption {
  /** What --help says. */
  describe: string;
  read: (value: string) => ServerOptions;
  /** What may be given, where that is a choice. */
  choices?: readonly string[];
  /** Yes or no: may stand without a value, which means yes. */
  isFlag?: true;
  /** May be given several times: that is the same as its values parted by commas. */
  isList?: true;
}

/** Every option that may also stand in a response file. */
export const SERVER_OPTIONS: Record<string, ServerOption> = {
  'recv-port': {
    describe:
      'UDP port to send and receive on, or several, parted by commas or given one by one; 0 picks a free one [default: 8886]',
    read: (value) => ({ port: readPorts(value) }),
    isList: true,
  },
  'recv-host': {
    describe: 'Address to listen on [default: all]',
    read: (host) => ({ host }),
  },
  'api-port': {
    describe: 'TCP port of the API; 0 picks a free one [default: 8886]',
    read: (value) => ({ api: { port: readPort(value) } }),
  },
  'api-host': {
    describe: 'Address to listen on for the API [default: all]',
    read: (host) => ({ api: { host } }),
  },
  'api-allow-remote-control': {
    describe: 'Whether other machines may use the API [default: yes]',
    read: (value) => ({ api: { allowRemoteControl: readFlag(value) } }),
    isFlag: true,
  },
  'api-certificate': {
    describe:
      'PEM file of the certificate of the API, read again when it changes; needs --api-key [default: one of its own]',
    read: (value) => ({ api: { certificateFile: absolute(value) } }),
  },
  'api-key': {
    describe: 'PEM file of its private key, open to nobody else',
    read: (value) => ({ api: { keyFile: absolute(value) } }),
  },
  api: {
    describe: 'Whether there is an API [default: yes]',
    read: (value) => (readFlag(value) ? {} : { api: false }),
    isFlag: true,
  },
  'no-api': {
    describe: 'The same as --api=no',
    read: (value) => (readFlag(value) ? { api: false } : {}),
    isFlag: true,
  },
  'external-address': {
    describe: 'HOST:PORT by which others reach this server, for links [default: none]',
    read: (value) => ({ externalAddress: readAddress(value) }),
  },
  'disable-telemetry': {
    describe: 'Has no effect: nothing is ever collected or sent',
    read: (value) => (readFlag(value) ? {} : {}),
    isFlag: true,
  },
  'sandbox-dir': {
    describe:
      'Directory that holds everything clients see; %u user, %d domain, %f full name, %% percent [default: /]',
    read: (value) => ({ sandboxDirectory: absolute(value) }),
  },
  'api-disable-api-tokens': {
    describe: 'Nobody makes API tokens or comes in with one [default: no]',
    read: (value) => ({ apiTokens: !readFlag(value) }),
    isFlag: true,
  },
  'api-disable-shared-tokens': {
    describe: 'The same of shared links [default: no]',
    read: (value) => ({ sharedTokens: !readFlag(value) }),
    isFlag: true,
  },
  'persistent-state-dir': {
    describe:
      'Directory of all that is kept: host key, authorized_keys, destinations, transfers …; of one server at a time [default: /var/lib/jetstream/state for root, else $XDG_STATE_HOME/jetstream]',
    read: (value) => ({ stateDirectory: absolute(value) }),
  },
  'persistent-destinations': {
    describe:
      'Whether destinations, and with them transfers, are kept over a restart; no removes those of earlier runs [default: yes]',
    read: (value) => ({ persistentDestinations: readFlag(value) }),
    isFlag: true,
  },
  'persistent-transfers': {
    describe: 'The same of transfers alone [default: yes]',
    read: (value) => ({ persistentTransfers: readFlag(value) }),
    isFlag: true,
  },
  superuser: {
    describe:
      'Accounts that may become superusers, parted by commas, beside the one that runs the server [default: none]',
    read: (value) => ({ superusers: readNames(value) }),
  },
  supergroup: {
    describe:
      'Groups whose members may, parted by commas, or none [default: sudo, wheel or admin, the first that there is]',
    read: (value) => ({ supergroups: readNames(value) }),
  },
  'log-level': {
    describe: `Least serious kind of log line on standard error: ${LOG_LEVELS.join(', ')} [default: info]`,
    choices: LOG_LEVELS,
    read: (value) => ({ logLevel: oneOf(LOG_LEVELS, value) }),
  },
  congestion: {
    describe: 'Congestion control of what this side sends: bbr, cubic [default: bbr]',
    choices: CONTROLLERS,
    read: (value) => ({ congestion: oneOf(CONTROLLERS, value) }),
  },
  'strongest-policy': {
    describe: `Strongest rate policy that clients may ask for in what they are sent: ${POLICIES.join(', ')} [default: fixed]`,
    choices: POLICIES,
    read: (value) => ({ rateLimits: { strongestPolicy: oneOf(POLICIES, value) } }),
  },
  'max-rate': {
    describe:
      'The most that one connection is sent: number and B, K, M or G bits per second; no unit means M [default: none]',
    read: (value) => ({ rateLimits: { capBitsPerSecond: parseBitRate(value) } }),
  },
  'incoming-rate-limit': {
    describe: 'The most that this server receives, all in all, as --max-rate [default: none]',
    read: (value) => ({ bandwidthLimits: { incomingBitsPerSecond: parseBitRate(value) } }),
  },
  'outgoing-rate-limit': {
    describe: 'The most that this server sends, all in all, as --max-rate [default: none]',
    read: (value) => ({ bandwidthLimits: { outgoingBitsPerSecond: parseBitRate(value) } }),
  },
  'borrow-incoming-rate': {
    describe: 'Sending may use what receiving leaves idle of its limit [default: no]',
    read: (value) => ({ bandwidthLimits: { borrowIncoming: readFlag(value) } }),
    isFlag: true,
  },
  'borrow-outgoing-rate': {
    describe: 'Receiving may use what sending leaves idle of its limit [default: no]',
    read: (value) => ({ bandwidthLimits: { borrowOutgoing: readFlag(value) } }),
    isFlag: true,
  },
  'max-transfers': {
    describe: 'Transfers that this server sends by itself at once, 1 to 32 [default: 16]',
    read: (value) => ({ maxTransfers: readCount(value, 32) }),
  },
  'max-transfers-per-destination': {
    describe: 'Of them, to one destination, 1 to 32 [default: 8]',
    read: (value) => ({ maxTransfersPerDestination: readCount(value, 32) }),
  },
  'trigger-dir': {
    describe:
      'Directory of programs that are run when something happens, each named for its event [default: /var/lib/jetstream/triggers for root, else $XDG_CONFIG_HOME/jetstream/triggers]',
    read: (value) => ({ triggerDirectory: absolute(value) }),
  },
  'trigger-log': {
    describe: 'Log each run of a trigger, and what it said [default: no]',
    read: (value) => ({ triggerLog: readFlag(value) }),
    isFlag: true,
  },
  lanes: {
    describe: 'Network threads that share the port, 1 to 16 [default: one for two processors, at most 4]',
    read: (value) => ({ lanes: readCount(value, 16) }),
  },
  datagrams: {
    describe:
      'auto, or portable: no native functions for the network, as with JETSTREAM_PORTABLE=1 [default: auto]',
    choices: DATAGRAM_PATHS,
    read: (value) => ({ portable: oneOf(DATAGRAM_PATHS, value) === 'portable' }),
  },
};

function readNames(value: string): string[] {
  if (value === 'none') return [];
  return value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function readPorts(value: string): number | number[] {
  const ports = value.split(',').map((port) => readPort(port.trim()));
  return ports.length === 1 ? ports[0]! : ports;
}

function readPort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (!(port <= 65_535)) throw new Error('a port is a number from 0 to 65535');
  return port;
}

function readFlag(value: string): boolean {
  return oneOf(['yes', 'no', 'true', 'false'], value).match(/yes|true/) !== null;
}

function readAddress(value: string): string {
  if (!/^[\w.:[\]-]{1,255}$/.test(value)) throw new Error('give a host, or HOST:PORT');
  return value;
}

function readCount(value: string, most: number): number {
  const count = /^\d{1,2}$/.test(value) ? Number(value) : 0;
  if (!(count >= 1 && count <= most)) throw new Error(`give a number from 1 to ${most}`);
  return count;
}

/** Not normalised: a `..` in a sandbox directory is for the path rule to refuse. */
function absolute(value: string): string {
  return isAbsolute(value) ? value : join(process.cwd(), value);
}

function oneOf<T extends string>(choices: readonly T[], value: string): T {
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new Error(`choose one of ${choices.join(', ')}`);
  return choice;
}
