import { JetStreamError } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthorizedKeys } from './authorized-keys.ts';
import { sshKeyPair } from './testing/ssh-key-pair.ts';

const key = sshKeyPair('alice@laptop');

describe('parseAuthorizedKeys', () => {
  it('finds Ed25519 keys between comments, blank lines, other types and nonsense', () => {
    const other = sshKeyPair();
    const text = [
      '# comment',
      '',
      key.line,
      'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== rsa',
      'nonsense',
      `  \t${other.line}\r`,
      `#${key.line}`,
    ].join('\n');
    expect(parseAuthorizedKeys(text)).toEqual([
      { lineNumber: 3, publicKeyBlob: key.blob, refusal: undefined, expiresAtMs: Infinity },
      { lineNumber: 6, publicKeyBlob: other.blob, refusal: undefined, expiresAtMs: Infinity },
    ]);
  });

  it.each([
    'no-pty',
    'NO-PTY,no-port-forwarding',
    'environment="A=b c,d"',
    'environment="say \\"hi, you\\" to"',
  ])('lets a key in whose options concern what JetStream does not have: %s', (options) => {
    expect(parseAuthorizedKeys(`${options} ${key.line}`)).toMatchObject([
      { refusal: undefined, publicKeyBlob: key.blob },
    ]);
  });

  it.each([
    'command="/bin/true"',
    'COMMAND="echo \\"a b\\" # , c"',
    'no-pty,from="10.0.0.0/8,*.example.org"',
    'restrict',
    'cert-authority',
    'permitopen="localhost:80"',
    'verify-required',
    'made-up-tomorrow',
    'no-pty,',
  ])('refuses a key whose options restrict it otherwise: %s', (options) => {
    const [listed] = parseAuthorizedKeys(`${options} ${key.line}`);
    expect(listed).toMatchObject({
      publicKeyBlob: key.blob,
      refusal: expect.stringContaining('cannot enforce'),
    });
  });

  it.each(['command="never closed', 'no-pty ,command="x"', 'no-pty command="x"'])(
    'finds no key behind options that are not well-formed: %s',
    (options) => {
      expect(parseAuthorizedKeys(`${options} ${key.line}`)).toEqual([]);
    },
  );

  it('does not take a key out of a quoted option', () => {
    const other = sshKeyPair();
    expect(parseAuthorizedKeys(`command="x ${other.line}" ${key.line}`)).toMatchObject([
      { publicKeyBlob: key.blob },
    ]);
  });

  it('reads expiry-time in local time or UTC; the earliest of several counts', () => {
    const moment = (options: string) => parseAuthorizedKeys(`${options} ${key.line}`)[0]!.expiresAtMs;
    expect(moment('expiry-time="20300102Z"')).toBe(Date.UTC(2030, 0, 2));
    expect(moment('expiry-time="203001020304Z"')).toBe(Date.UTC(2030, 0, 2, 3, 4));
    expect(moment('expiry-time="20300102030405"')).toBe(new Date(2030, 0, 2, 3, 4, 5).getTime());
    expect(moment('expiry-time="20300102Z",no-pty,expiry-time="20290102Z"')).toBe(Date.UTC(2029, 0, 2));
  });

  it.each([
    'expiry-time',
    'expiry-time=""',
    'expiry-time="20300230Z"',
    'expiry-time="203001022500"',
    'expiry-time=20300102',
  ])('refuses a key with %s', (option) => {
    expect(parseAuthorizedKeys(`${option} ${key.line}`)).toMatchObject([{ refusal: expect.any(String) }]);
  });

  it('refuses a file of more than 4,096 lines', () => {
    expect(parseAuthorizedKeys(`${'#\n'.repeat(4_095)}${key.line}\n`)).toHaveLength(1);
    expect(() => parseAuthorizedKeys(`${'#\n'.repeat(4_096)}${key.line}\n`)).toThrowError(
      expect.objectContaining({ code: 'limit-exceeded' }),
    );
  });

  it('takes any text: what it finds without a refusal is a line that starts with harmless options or the key', () => {
    const word = fc.constantFrom(
      key.line,
      'no-pty',
      'command=',
      'from=',
      '"',
      '\\"',
      '\\',
      ',',
      ' ',
      '\t',
      '\n',
      '#',
      'x',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word).map((words) => words.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const lines = text.split('\n');
          try {
            for (const { lineNumber, refusal } of parseAuthorizedKeys(text)) {
              if (refusal === undefined)
                expect(lines[lineNumber - 1]!.trim()).toMatch(/^(no-pty(,no-pty)*[ \t]+)?ssh-ed25519 /);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(JetStreamError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
