import { describe, expect, it } from 'vitest';
import { parseResponseFile, readResponseFile } from './response-file.ts';

const NAMES = { 'recv-port': {}, 'sandbox-dir': {}, 'borrow-incoming-rate': { isFlag: true } } as const;
const parse = (text: string) => parseResponseFile(text, 'server.conf', NAMES);

describe('a response file', () => {
  it('has one option a line, in both forms, and comments', () => {
    const text = '# the port\n--recv-port 9000\n\n  --sandbox-dir=/srv/my files # not a comment\r\n';
    expect(parse(text)).toEqual([
      { name: 'recv-port', value: '9000', origin: 'server.conf:2: --recv-port' },
      { name: 'sandbox-dir', value: '/srv/my files # not a comment', origin: 'server.conf:4: --sandbox-dir' },
    ]);
  });

  it('may have flags without a value', () => {
    expect(parse('--borrow-incoming-rate\n--borrow-incoming-rate no').map(({ value }) => value)).toEqual([
      'yes',
      'no',
    ]);
  });

  it.each([
    ['--recv-port 1\n--frob 1', 'server.conf:2: unknown option --frob'],
    ['recv-port 1', 'server.conf:1: expected "--name value", found "recv-port 1"'],
    ['--recv-port', 'server.conf:1: --recv-port needs a value'],
    ['--recv-port=', 'server.conf:1: expected "--name value", found "--recv-port="'],
    ['\x1b[2J', 'server.conf:1: expected "--name value", found "\\u001b[2J"'],
    ['--constructor 1', 'server.conf:1: unknown option --constructor'],
    ['--config other', 'server.conf:1: unknown option --config'],
  ])('%j is refused with its file and line', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'invalid-argument', message }));
  });

  it('that is not there, or is a directory, is named', () => {
    expect(() => readResponseFile('/nonexistent/x', NAMES)).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
    expect(() => readResponseFile('/', NAMES)).toThrow(/cannot read the configuration file "\/"/);
  });
});
