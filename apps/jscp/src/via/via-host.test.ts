import { describe, expect, it } from 'vitest';
import { parseViaHost } from './via-host.ts';

describe('the server of --via', () => {
  it.each([
    ['a.lan', { user: undefined, host: 'a.lan', port: 8886 }],
    ['ada@a.lan', { user: 'ada', host: 'a.lan', port: 8886 }],
    ['ada@corp.example@a.lan:9000', { user: 'ada@corp.example', host: 'a.lan', port: 9000 }],
    ['[2001:db8::1]', { user: undefined, host: '2001:db8::1', port: 8886 }],
    ['ada@[2001:db8::1]:9000', { user: 'ada', host: '2001:db8::1', port: 9000 }],
    ['2001:db8::1', { user: undefined, host: '2001:db8::1', port: 8886 }],
  ])('is read from %s', (text, via) => {
    expect(parseViaHost(text)).toEqual(via);
  });

  it.each(['', '@a.lan', 'a.lan:', 'a.lan:0', 'a.lan:65536', 'a.lan:x', 'a.lan/x', '[]', '[::1]x', 'a b:c:'])(
    'is not %j',
    (text) => {
      expect(() => parseViaHost(text)).toThrow(/^--via /);
    },
  );
});
