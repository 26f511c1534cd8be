import { JetStreamError } from '@jetstream/protocol';
import { ed25519KeyOf } from './login-signature.ts';

const MAX_LINES = 4_096;

/** Options about what JetStream does not have; a key with them may do all that JetStream offers. */
const IRRELEVANT_OPTIONS = new Set([
  ...['agent-forwarding', 'port-forwarding', 'pty', 'user-rc', 'x11-forwarding'].flatMap((name) => [
    name,
    `no-${name}`,
  ]),
  'environment',
]);

/** One Ed25519 key of an `authorized_keys` file. */
export interface AuthorizedKey {
  lineNumber: number;
  /** SSH wire form. */
  publicKeyBlob: Uint8Array;
  /** Why this line lets nobody in, for the server's log; undefined when it does. */
  refusal: string | undefined;
  /** From this moment on (ms since 1970) the line lets nobody in. */
  expiresAtMs: number;
}

/**
 * Reads OpenSSH's `authorized_keys` (sshd(8)). Keys of other types and lines that make no sense are left out. A line with an
 * option that restricts what the key may do, and that JetStream cannot enforce, is refused as a whole: `command=`, `from=`,
 * `restrict`, `cert-authority`, or one that is not known.
 * @throws JetStreamError `limit-exceeded` above 4,096 lines
 */
export function parseAuthorizedKeys(text: string): AuthorizedKey[] {
  const lines = text.trimEnd().split('\n', MAX_LINES + 1);
  if (lines.length > MAX_LINES) {
    throw new JetStreamError('limit-exceeded', `an authorized_keys file may have ${MAX_LINES} lines`);
  }
  return lines.flatMap((line, index) => parseLine(line.trim(), index + 1) ?? []);
}

function parseLine(line: string, lineNumber: number): AuthorizedKey | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const bare = publicKeyIn(line);
  if (bare !== undefined)
    return { lineNumber, publicKeyBlob: bare, refusal: undefined, expiresAtMs: Infinity };
  const { options, rest } = splitOptions(line);
  const publicKeyBlob = publicKeyIn(rest);
  return publicKeyBlob === undefined ? undefined : { lineNumber, publicKeyBlob, ...effectOf(options) };
}

/** The key of `ssh-ed25519 BASE64 comment`. */
function publicKeyIn(text: string): Uint8Array | undefined {
  const [, base64] = /^ssh-ed25519[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]|$)/.exec(text) ?? [];
  if (base64 === undefined) return undefined;
  const blob = Buffer.from(base64, 'base64');
  return blob.toString('base64') === base64 && ed25519KeyOf(blob) !== undefined ? blob : undefined;
}

/** Options end at the first blank outside quotes and are parted by commas outside quotes; `\"` is a quote that neither begins nor ends. */
function splitOptions(line: string): { options: string[]; rest: string } {
  const options: string[] = [];
  let option = '';
  let quoted = false;
  let at = 0;
  for (; at < line.length; at++) {
    const character = line[at]!;
    if (character === '\\' && line[at + 1] === '"') {
      option += '\\"';
      at++;
      continue;
    }
    if (character === '"') quoted = !quoted;
    if (!quoted && (character === ' ' || character === '\t')) break;
    if (!quoted && character === ',') {
      options.push(option);
      option = '';
    } else {
      option += character;
    }
  }
  options.push(option);
  return { options, rest: line.slice(at).trimStart() };
}

function effectOf(options: string[]): Pick<AuthorizedKey, 'refusal' | 'expiresAtMs'> {
  let expiresAtMs = Infinity;
  for (const option of options) {
    const name = option.split('=', 1)[0]!.toLowerCase();
    if (name === 'expiry-time') {
      const moment = momentOf(/^[^=]*="([^"]*)"$/.exec(option)?.[1] ?? '');
      if (moment === undefined) return { refusal: 'its expiry-time makes no sense', expiresAtMs };
      expiresAtMs = Math.min(expiresAtMs, moment);
    } else if (!IRRELEVANT_OPTIONS.has(name)) {
      return { refusal: `JetStream cannot enforce its option ${name.slice(0, 64)}`, expiresAtMs };
    }
  }
  return { refusal: undefined, expiresAtMs };
}

/** `YYYYMMDD[HHMM[SS]][Z]` (sshd(8)): local time unless it ends in Z. */
function momentOf(text: string): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/i.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((digits) => Number(digits ?? 0));
  const date = `${found[1]}-${found[2]}-${found[3]}`;
  const real = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(real.getTime()) || !real.toISOString().startsWith(date)) return undefined;
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const parts = [year!, month! - 1, day!, hour!, minute!, second!] as const;
  return found[7] === '' ? new Date(...parts).getTime() : Date.UTC(...parts);
}
