import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fileError } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { keyFingerprint } from './host-key.ts';

const DEFAULT_PORT = 8886;
const KEY_BYTES = 32;

/** What is remembered of hosts: 32 bytes each. */
export interface HostProof {
  /** In a line, before the bytes. */
  readonly type: string;
  /** In messages. */
  readonly name: string;
  readonly fingerprint: (bytes: Uint8Array) => string;
}

/** The static key of a server's handshake. */
const HOST_KEY: HostProof = { type: 'jetstream-x25519', name: 'host key', fingerprint: keyFingerprint };

/** SHA-256 of the certificate of a server's API. */
export const CERTIFICATE_DIGEST: HostProof = {
  type: 'sha256',
  name: 'certificate',
  fingerprint: (digest) => `SHA256:${Buffer.from(digest).toString('base64').replaceAll('=', '')}`,
};

export type HostKeyCheck =
  | { status: 'known' | 'unknown'; message: undefined }
  /** `message` is for the user: one line with both fingerprints, the place, and what to do. */
  | { status: 'changed'; message: string };

interface KnownHost {
  lineNumber: number;
  name: string;
  key: Uint8Array;
}

/**
 * What servers showed before, one a line: `host jetstream-x25519 BASE64` with `[host]:port` for a port other than
 * 8886 (the form of OpenSSH's known_hosts). Lines that say something else are left alone. A host may have several lines.
 */
export class KnownHosts {
  readonly #file: string;
  readonly #proof: HostProof;
  #hosts: KnownHost[];

  private constructor(file: string, proof: HostProof) {
    this.#file = file;
    this.#proof = proof;
    this.#hosts = read(file, proof);
  }

  /**
   * Reads the file; one that does not exist is empty.
   * @throws JetStreamError when it cannot be read: a changed key would go unseen
   */
  static open(file: string, proof: HostProof = HOST_KEY): KnownHosts {
    return new KnownHosts(file, proof);
  }

  check(host: string, port: number, key: Uint8Array): HostKeyCheck {
    const name = hostName(host, port);
    const lines = this.#hosts.filter((known) => known.name === name);
    if (lines.some((known) => Buffer.from(known.key).equals(key)))
      return { status: 'known', message: undefined };
    const remembered = lines[0];
    if (remembered === undefined) return { status: 'unknown', message: undefined };
    const place = `line ${remembered.lineNumber} of ${this.#file}`;
    const { name: what, fingerprint } = this.#proof;
    return {
      status: 'changed',
      message:
        `${what.toUpperCase()} CHANGED: ${name} shows ${fingerprint(key)}, but ${place} remembers ${fingerprint(remembered.key)}. ` +
        `Somebody may be intercepting this connection, or the server was set up anew: ` +
        `verify the new fingerprint with its administrator, then remove ${place}`,
    };
  }

  /**
   * Remembers a key: one line appended in one write, so that processes adding at once do not harm each other.
   * @throws JetStreamError `invalid-argument` for a host or key that cannot stand in a line; or why the write failed
   */
  add(host: string, port: number, key: Uint8Array): void {
    const name = hostName(host, port);
    if (!/^[^\s#@,\p{Cc}][^\s,\p{Cc}]*$/u.test(name) || key.length !== KEY_BYTES) {
      throw new JetStreamError(
        'invalid-argument',
        `the ${this.#proof.name} of host ${JSON.stringify(host)} cannot be remembered`,
      );
    }
    append(this.#file, `${name} ${this.#proof.type} ${Buffer.from(key).toString('base64')}\n`);
    this.#hosts = read(this.#file, this.#proof);
  }
}

/** Host names are compared without regard to case (RFC 4343). */
function hostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === DEFAULT_PORT ? name : `[${name}]:${port}`;
}

function read(file: string, { type: wanted }: HostProof): KnownHost[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(error, file);
  }
  return text.split('\n').flatMap((line, index) => {
    const [name, type, base64] = line.trim().split(/\s+/);
    if (name === undefined || name.startsWith('#') || type !== wanted || base64 === undefined) return [];
    const key = Buffer.from(base64, 'base64');
    return key.length === KEY_BYTES ? [{ lineNumber: index + 1, name: name.toLowerCase(), key }] : [];
  });
}

function append(file: string, line: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    try {
      writeSync(descriptor, endsInsideLine(descriptor) ? `\n${line}` : line);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(error, file);
  }
}

function endsInsideLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}
