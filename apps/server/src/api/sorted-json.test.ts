import { describe, expect, it } from 'vitest';
import { sortedJson } from './sorted-json.ts';

describe('printed JSON', () => {
  it('has its keys in alphabetical order, all the way down', () => {
    expect(sortedJson({ b: [{ d: 1, c: null }], a: 'x' }, 0)).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  });

  it('keeps from the terminal what the terminal would act on, and stays the same JSON', () => {
    const value = { '\u009b31m': '\u202egnp.exe\u001b[2J\u2028' };
    const text = sortedJson(value);
    expect(text).toMatch(/^[\n -~]*$/);
    expect(JSON.parse(text)).toEqual(value);
  });
});
