import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyFingerprint } from './host-key.ts';
import { KnownHosts } from './known-hosts.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const KEY = new Uint8Array(32).fill(1);
const OTHER_KEY = new Uint8Array(32).fill(2);

describe('KnownHosts', () => {
  it('knows what was added, in this process and the next', () => {
    const file = join(temporaryDirectory(), 'new', 'known_hosts');
    const hosts = KnownHosts.open(file);
    expect(hosts.check('Example.org', 8886, KEY).status).toBe('unknown');
    hosts.add('Example.org', 8886, KEY);
    expect(hosts.check('example.ORG', 8886, KEY).status).toBe('known');
    expect(KnownHosts.open(file).check('example.org', 8886, KEY).status).toBe('known');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('names a port other than 8886 as OpenSSH does, and keeps ports apart', () => {
    const file = join(temporaryDirectory(), 'known_hosts');
    const hosts = KnownHosts.open(file);
    hosts.add('example.org', 9000, KEY);
    hosts.add('::1', 9000, KEY);
    hosts.add('::1', 8886, OTHER_KEY);
    const base64 = Buffer.from(KEY).toString('base64');
    expect(readFileSync(file, 'utf8').split('\n').slice(0, 2)).toEqual([
      `[example.org]:9000 jetstream-x25519 ${base64}`,
      `[::1]:9000 jetstream-x25519 ${base64}`,
    ]);
    expect(hosts.check('example.org', 8886, KEY).status).toBe('unknown');
    expect(hosts.check('::1', 9000, KEY).status).toBe('known');
    expect(hosts.check('::1', 8886, OTHER_KEY).status).toBe('known');
  });

  it('says of a changed key in one line: host, file, line, both fingerprints, and what to do', () => {
    const file = join(temporaryDirectory(), 'known_hosts');
    writeFileSync(file, '# comment\n\n');
    const hosts = KnownHosts.open(file);
    hosts.add('example.org', 8886, KEY);
    const { status, message } = hosts.check('example.org', 8886, OTHER_KEY);
    expect(status).toBe('changed');
    for (const part of [
      'example.org',
      file,
      'line 3',
      keyFingerprint(KEY),
      keyFingerprint(OTHER_KEY),
      'remove',
    ]) {
      expect(message).toContain(part);
    }
    expect(message).not.toContain('\n');
  });

  it('takes any of several keys of one host', () => {
    const hosts = KnownHosts.open(join(temporaryDirectory(), 'known_hosts'));
    hosts.add('example.org', 8886, KEY);
    hosts.add('example.org', 8886, OTHER_KEY);
    expect(hosts.check('example.org', 8886, KEY).status).toBe('known');
    expect(hosts.check('example.org', 8886, OTHER_KEY).status).toBe('known');
  });

  it('keeps comments and lines of others, and begins a new line after a last one without an end', () => {
    const file = join(temporaryDirectory(), 'known_hosts');
    const before = '# mine\nexample.org ssh-ed25519 AAAA\nexample.org jetstream-x25519 short\nlonely';
    writeFileSync(file, before);
    const hosts = KnownHosts.open(file);
    hosts.add('example.org', 8886, KEY);
    expect(readFileSync(file, 'utf8')).toBe(
      `${before}\nexample.org jetstream-x25519 ${Buffer.from(KEY).toString('base64')}\n`,
    );
    expect(hosts.check('example.org', 8886, KEY).status).toBe('known');
  });

  it('reads lines with CRLF', () => {
    const file = join(temporaryDirectory(), 'known_hosts');
    appendFileSync(file, `example.org jetstream-x25519 ${Buffer.from(KEY).toString('base64')}\r\n`);
    expect(KnownHosts.open(file).check('example.org', 8886, KEY).status).toBe('known');
  });

  it.each(['', 'a b', 'a\nb jetstream-x25519', '#a', 'a,b', 'a\u0000'])(
    'lets no line be forged by host %j',
    (host) => {
      const file = join(temporaryDirectory(), 'known_hosts');
      const hosts = KnownHosts.open(file);
      expect(() => hosts.add(host, 8886, KEY)).toThrowError(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
      expect(hosts.check('b', 8886, KEY).status).toBe('unknown');
    },
  );

  it('fails when the file cannot be read, for then a changed key would go unseen', () => {
    const directory = temporaryDirectory();
    expect(() => KnownHosts.open(directory)).toThrowError(
      expect.objectContaining({ code: 'is-a-directory' }),
    );
  });
});
