import { expect, it } from 'vitest';
import { hostIn } from './peer-address.ts';

it.each([
  ['a.lan:8886', 'a.lan'],
  ['198.51.100.7', '198.51.100.7'],
  ['[2001:db8::2]:8886', '2001:db8::2'],
  ['localhost.example:8886', null],
  ['LOCALHOST:8886', null],
  ['127.0.0.9:8886', null],
  ['[::1]:8886', null],
  ['a b', null],
  ['a/../b?c', null],
  ['', null],
  [undefined, null],
])('tells of the header %j by which host a server was reached', (header, host) => {
  expect(hostIn(header)).toBe(host);
});
