const RATE = 'number and B, K, M or G bits per second; no unit means M';

/** Every option, in the words of yargs: a text, one of some choices, or a switch. */
export const OPTIONS = {
  d: { type: 'string', requiresArg: true, describe: 'Destination path, put before every target' },
  P: { type: 'string', requiresArg: true, describe: 'UDP port of the server [default: 8886]' },
  i: {
    type: 'string',
    requiresArg: true,
    describe:
      'Private key to log in with (OpenSSH, Ed25519) [default: own identity, agent, ~/.ssh/id_ed25519]',
  },
  'token-file': {
    type: 'string',
    requiresArg: true,
    describe: 'File that holds a token, or a link, to log in with [default: $JETSTREAM_TOKEN]',
  },
  policy: {
    choices: ['low', 'fair', 'high', 'fixed'] as const,
    requiresArg: true,
    describe: 'low takes what others leave, high more than its share, fixed --rate [default: "fair"]',
  },
  rate: { type: 'string', requiresArg: true, describe: `Rate of --policy fixed: ${RATE}` },
  'min-rate': { type: 'string', requiresArg: true, describe: 'Rate to keep whatever is lost' },
  'max-rate': {
    alias: 'l',
    type: 'string',
    requiresArg: true,
    describe: 'Rate never to exceed',
  },
  r: { type: 'boolean', describe: 'Accepted for habit: directories are always copied whole' },
  q: { type: 'boolean', describe: 'Say nothing but errors' },
  json: { type: 'boolean', describe: 'One JSON object a line on standard output' },
  overwrite: {
    choices: ['always', 'never', 'backup', 'in-place', 'in-place-never', 'in-place-same-size'] as const,
    requiresArg: true,
    describe:
      'Files at the target: replaced once the new one is whole (always), kept (never), renamed to .jetbak (backup), or written into (in-place…) [default: "always"]',
  },
  checksum: { type: 'boolean', describe: 'Skip what has the same content, not the same size and time' },
  whole: { type: 'boolean', describe: 'Skip nothing: send what is there already too' },
  verify: { type: 'boolean', describe: 'Compare both sides by digests, and write nothing' },
  'read-back': {
    type: 'boolean',
    describe: 'Read each file from the disk again, and compare, before it gets its name',
  },
  preserve: { alias: 'p', type: 'boolean', describe: 'Keep full modes; owners and groups where allowed' },
  checkpoint: {
    type: 'string',
    requiresArg: true,
    describe: 'Seconds from one record of what is safe to the next, or "none" [default: 5]',
  },
  symlinks: {
    choices: ['follow', 'ignore'] as const,
    default: 'follow' as const,
    requiresArg: true,
    describe: 'What to do with symbolic links among the sources',
  },
  'known-hosts': { type: 'string', requiresArg: true, describe: 'File of known host keys' },
  'accept-new': {
    type: 'boolean',
    describe: 'Remember the key of a host not seen before; a changed key is always refused',
  },
  'connect-timeout': {
    type: 'string',
    default: '10',
    requiresArg: true,
    describe: 'Seconds to wait for the server to answer',
  },
  reconnect: {
    type: 'string',
    default: '600',
    requiresArg: true,
    describe: 'Seconds to ride out a lost connection, or "none"',
  },
  congestion: {
    choices: ['bbr', 'cubic'] as const,
    requiresArg: true,
    describe: 'Congestion control of what this side sends [default: "bbr"]',
  },
  datagrams: {
    choices: ['auto', 'portable'] as const,
    default: 'auto' as const,
    requiresArg: true,
    describe: 'portable: no native functions for the network, as with JETSTREAM_PORTABLE=1',
  },
  'no-path-memory': {
    type: 'boolean',
    describe: 'Begin as if to a host never copied to, and keep nothing of how fast this copy was',
  },
  via: {
    type: 'string',
    requiresArg: true,
    describe:
      'Server to server: [user@]host[:port] is told, by its API, to copy its files SRC… to DEST; see below',
  },
  'via-key': {
    type: 'string',
    requiresArg: true,
    describe: 'Private key for the --via server to log in with at DEST [default: its own]',
  },
  'leave-running': { type: 'boolean', describe: 'With --via: Ctrl-C ends jscp, and the copy goes on' },
  detach: { type: 'boolean', describe: 'With --via: begin the copy, print its id, and exit' },
  'print-identity': {
    type: 'boolean',
    describe: "Print the line for the server's authorized_keys, and exit",
  },
  completion: {
    choices: ['bash', 'zsh', 'fish'] as const,
    requiresArg: true,
    describe: 'Print what makes a shell complete options, and exit',
  },
  version: { type: 'boolean', describe: 'Print the version, and exit' },
  help: { type: 'boolean', describe: 'Print this, and exit' },
} as const;

type ValueOf<Option> = Option extends { choices: readonly (infer Choice)[] }
  ? Choice
  : Option extends { type: 'boolean' }
    ? boolean
    : string;

/** What was written, of the options that were. */
export type OptionValues = {
  [Name in keyof typeof OPTIONS]?: ValueOf<(typeof OPTIONS)[Name]> | undefined;
};

export interface Words {
  values: OptionValues;
  operands: string[];
}
