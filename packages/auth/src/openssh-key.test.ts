import fc from 'fast-check';
import keyParser from 'ssh2/lib/protocol/keyParser.js';
import { describe, expect, it } from 'vitest';
import { readOpenSshKey } from './openssh-key.ts';
import { sshKeyPair } from './testing/ssh-key-pair.ts';

describe('readOpenSshKey', () => {
  it('reads a plain Ed25519 key, whatever its comment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (comment) => {
        const pair = sshKeyPair(comment);
        const key = readOpenSshKey(Buffer.from(pair.openSshFile()))!;
        expect(Buffer.from(key.publicKeyBlob)).toEqual(pair.blob);
        expect(key.privateKey.equals(pair.privateKey)).toBe(true);
        expect(key.comment).toBe(comment);
      }),
      { numRuns: 50 },
    );
  });

  it('gives of a damaged file what ssh2 gives, or nothing', () => {
    const content = Buffer.from(sshKeyPair().openSshFile());
    fc.assert(
      fc.property(fc.nat(content.length - 1), fc.nat(255), fc.nat(content.length), (at, byte, length) => {
        const damaged = Buffer.from(content);
        damaged[at] = byte;
        for (const bytes of [damaged, content.subarray(0, length)]) {
          const key = readOpenSshKey(bytes);
          if (key === undefined) continue;
          const judged = keyParser.parseKey(bytes);
          if (judged instanceof Error || Array.isArray(judged)) throw judged;
          expect(Buffer.from(key.publicKeyBlob)).toEqual(judged.getPublicSSH());
          expect(key.comment).toBe(judged.comment);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
