import { expect, it } from 'vitest';
import { printable } from './logging.ts';

it('leaves nothing in a line of the log that a terminal acts on, and the line what it says', () => {
  const said = { why: 'a\x1b[31m\x9b31m\x7f\u202eb\n', user: 'größe 日本' };
  const line = `${JSON.stringify(said)}\n`;
  expect(printable(line)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]./u);
  expect(JSON.parse(printable(line))).toEqual(said);
});
