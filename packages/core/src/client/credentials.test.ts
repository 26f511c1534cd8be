import type { Signer } from '@jetstream/auth';
import { describe, expect, it } from 'vitest';
import { loginBy, waysIn } from './credentials.ts';

const HASH = new Uint8Array(32);
const signer: Signer = {
  publicKeyBlob: Buffer.from('key'),
  comment: '',
  sign: async () => Buffer.from('signature'),
};
const signers = Promise.resolve([signer]);

describe('the ways to log in', () => {
  it('[LG-5] are keys and then the password, each in a Login of its own', async () => {
    const ways = waysIn({ kind: 'keys', signers, password: 'p' });
    const logins = await Promise.all(ways.map((way) => loginBy(way, 'ada', HASH)));
    expect(logins).toMatchObject([
      { user: 'ada', publicKeys: [{}], password: '', token: '' },
      { user: 'ada', publicKeys: [], password: 'p', token: '' },
    ]);
    expect(waysIn({ kind: 'keys', signers })).toHaveLength(1);
    expect(waysIn({ kind: 'password', password: 'p' })).toHaveLength(1);
  });

  it('are not those that a server could not take, and say so without the secret', () => {
    const bad = ['', 'é'.repeat(513), 'secret\0'];
    for (const password of bad) {
      expect(() => waysIn({ kind: 'password', password })).toThrowError(/^a password has 1 to 1024 bytes/);
      expect(() => waysIn({ kind: 'keys', signers, password })).toThrowError(/bytes and no NUL, not \d+$/);
    }
    expect(() => waysIn({ kind: 'token', token: 't'.repeat(257), password: '' })).toThrowError(
      /^a token has/,
    );
    expect(waysIn({ kind: 'token', token: 't', password: '' })).toHaveLength(1);
  });
});
