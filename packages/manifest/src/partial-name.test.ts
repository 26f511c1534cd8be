import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backupName, isPartialName, partialName } from './partial-name.ts';

describe('partialName', () => {
  it('stands beside its target as .NAME.jspart-ID', () => {
    expect(partialName('file.txt', '3f-17')).toBe('.file.txt.jspart-3f-17');
  });

  it('fits into 255 bytes, is whole Unicode and known as a partial, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), (name) => {
        const partial = partialName(name, 'abcdefgh-zz');
        expect(Buffer.byteLength(partial)).toBeLessThanOrEqual(255);
        expect(partial).not.toContain('\ufffd');
        expect(isPartialName(partial)).toBe(true);
      }),
    );
  });

  it('cuts a name only as far as it must', () => {
    expect(Buffer.byteLength(partialName('x'.repeat(255), '1'))).toBe(255);
  });
});

describe('backupName', () => {
  it('is NAME.jetbak, in 255 bytes, whole Unicode, whatever the name', () => {
    expect(backupName('file.txt')).toBe('file.txt.jetbak');
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(names, (name) => {
        const backup = backupName(name);
        expect(Buffer.byteLength(backup)).toBeLessThanOrEqual(255);
        expect(backup).not.toContain('\ufffd');
        if (Buffer.byteLength(name) <= 248) expect(backup).toBe(`${name}.jetbak`);
      }),
    );
  });
});
