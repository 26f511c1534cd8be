import { describe, expect, it } from 'vitest';
import { fingerprint, staticKeyPair } from './static-key.ts';

describe('static key', () => {
  it('fingerprint has the form OpenSSH uses', () => {
    const text = fingerprint(staticKeyPair(new Uint8Array(32).fill(7)).publicKey);
    expect(text).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(text).not.toBe(fingerprint(new Uint8Array(32)));
  });

  it('a key of another length is refused', () => {
    const invalid = expect.objectContaining({ code: 'invalid-argument' });
    expect(() => staticKeyPair(new Uint8Array(31))).toThrowError(invalid);
    expect(() => fingerprint(new Uint8Array(33))).toThrowError(invalid);
  });
});
