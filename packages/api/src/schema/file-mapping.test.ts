import { describe, expect, it } from 'vitest';
import { parseFileMapping } from './file-mapping.ts';

describe('a file mapping as text', () => {
  it.each([
    ['/a:/b', '/a', '/b'],
    ['/a:', '/a', ''],
    ['C:\\x::D:\\y', 'C:\\x', 'D:\\y'],
    ['/a\\:b:/c', '/a:b', '/c'],
    ['/a\\:b:/c\\:\\:d', '/a:b', '/c::d'],
    ['/a\\\\:/b', '/a\\', '/b'],
    ['/a\\b:/c', '/a\\b', '/c'],
    ['/a:b::c', '/a:b', 'c'],
    ['/ü 🙂:/ö', '/ü 🙂', '/ö'],
  ])('%s is divided', (text, source, target) => {
    expect(parseFileMapping(text)).toEqual({ source, target });
  });

  it.each(['', '/a', ':/b', '::/b', '/a:b:c', 'a::b::c', '/a\\:b', ':::'])(
    'that can be divided nowhere, or in several ways, is none: %s',
    (text) => {
      expect(parseFileMapping(text)).toBeUndefined();
    },
  );

  it('can say any two paths, whatever is in them', () => {
    const escaped = (path: string) => path.replace(/[\\:]/g, '\\$&');
    const pieces = ['a', ':', '\\', '::', '/', '\\:', '\n', 'ü'];
    for (const one of pieces) {
      for (const two of pieces) {
        const [source, target] = [`${one}${two}`, `${two}${one}${one}`];
        expect(parseFileMapping(`${escaped(source)}:${escaped(target)}`)).toEqual({ source, target });
      }
    }
  });
});
