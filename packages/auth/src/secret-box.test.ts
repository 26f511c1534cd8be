import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretBox } from './secret-box.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const SECRET = 'correct horse battery staple';
const error = (code: string, text: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(text) });

describe('a secret box', () => {
  it('gives back what it sealed, also after a restart, for the same context alone', () => {
    const box = new SecretBox(join(temporaryDirectory(), 'state', 'secret.key'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, context) => {
        const sealed = box.seal(text, context);
        expect(box.open(sealed, context)).toBe(text);
        expect(() => box.open(sealed, `${context}x`)).toThrowError(error('invalid-argument', 'damaged'));
      }),
      { numRuns: 50 },
    );
  });

  it('makes its key at the first sealing, for its owner alone', () => {
    const file = join(temporaryDirectory(), 'secret.key');
    const sealed = new SecretBox(file).seal(SECRET, 'a');
    expect(statSync(file)).toMatchObject({ size: 32 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(new SecretBox(file).open(sealed, 'a')).toBe(SECRET);
    expect(Buffer.from(sealed, 'base64').includes(SECRET)).toBe(false);
    expect(new SecretBox(file).seal(SECRET, 'a')).not.toBe(sealed);
  });

  it('opens nothing that was changed in any byte, or cut', () => {
    const box = new SecretBox(join(temporaryDirectory(), 'secret.key'));
    const sealed = box.seal(SECRET, 'a');
    const bytes = Buffer.from(sealed, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => box.open(changed.toString('base64'), 'a')).toThrowError(/secret is (damaged|lost)/);
      expect(() => box.open(bytes.toString('base64', 0, at), 'a')).toThrowError(/secret is (damaged|lost)/);
    }
  });

  it('says that secrets are lost when the key is gone or is another one, and seals new ones', () => {
    const file = join(temporaryDirectory(), 'secret.key');
    const sealed = new SecretBox(file).seal(SECRET, 'a');
    rmSync(file);
    expect(() => new SecretBox(file).open(sealed, 'a')).toThrowError(
      error('not-found', /is lost.*secret\.key/),
    );
    const box = new SecretBox(file);
    const again = box.seal(SECRET, 'a');
    expect(() => box.open(sealed, 'a')).toThrowError(error('not-found', 'is lost'));
    expect(box.open(again, 'a')).toBe(SECRET);
  });

  it('uses no key that others may read, and none that is not one', () => {
    const file = join(temporaryDirectory(), 'secret.key');
    const sealed = new SecretBox(file).seal(SECRET, 'a');
    chmodSync(file, 0o640);
    expect(() => new SecretBox(file).open(sealed, 'a')).toThrowError(error('permission-denied', 'chmod 600'));
    expect(() => new SecretBox(file).seal(SECRET, 'a')).toThrowError(error('permission-denied', 'chmod 600'));
    chmodSync(file, 0o600);
    const key = readFileSync(file);
    writeFileSync(file, key.subarray(1));
    expect(() => new SecretBox(file).open(sealed, 'a')).toThrowError(error('invalid-argument', 'no key'));
  });
});
