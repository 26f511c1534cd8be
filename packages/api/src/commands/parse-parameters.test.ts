import { describe, expect, it } from 'vitest';
import type { CommandName } from './commands.ts';
import { parseParameters } from './parse-parameters.ts';

const KEY = 'A'.repeat(43);

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

describe('the parameters of a command', () => {
  it('get their defaults', () => {
    expect(parseParameters('send.createDestination', { destinationAddress: 'b.lan' })).toMatchObject({
      destinationPort: 8886,
      ratePolicy: 'fair',
      sendRateMax: null,
      sourcePort: 0,
    });
    expect(parseParameters('getServerInfo', undefined)).toEqual({});
    expect(
      parseParameters('send.submitTransfer', {
        destination: { destinationAddress: 'b.lan' },
        manifest: { fileMappings: ['/a:/b'] },
      }),
    ).toMatchObject({
      destination: { destinationPort: 8886 },
      manifest: { symlinkMode: 'follow' },
      transfer: { overwriteMode: 4, priority: 100, checkpointFrequencySeconds: 5 },
    });
  });

  it('take file mappings as text, as objects and the other way round', () => {
    const given = {
      fileMappings: ['/a:/b', 'C:\\x::D:\\y', { source: '/c', target: 'd', fileType: 2 }],
      mappings: { '/to': '/from' },
    };
    const { fileMappings, ...rest } = parseParameters('send.createManifest', given);
    expect(fileMappings).toEqual([
      { source: '/a', target: '/b' },
      { source: 'C:\\x', target: 'D:\\y' },
      { source: '/c', target: 'd', fileType: 2 },
      { source: '/from', target: '/to' },
    ]);
    expect(rest).toEqual({ symlinkMode: 'follow', userData: {} });
  });

  it('take the same thing in the forms that the product has', () => {
    const key = { clientPublicKey: `${KEY}=` };
    const both = [key, { clientPublicKey: key }].map((given) =>
      parseParameters('recv.addAuthorizedClientAsync', given),
    );
    expect(both[0]).toEqual({ clientPublicKey: `${KEY}=`, account: null });
    expect(both[1]).toEqual(both[0]);
    expect(parseParameters('send.getTransfers', { status: 'error' }).status).toEqual(['error']);
    expect(parseParameters('setSandboxMapping', { user: '', mapping: { '': '/data' } }).mapping).toEqual({
      '': { type: 'File', path: '/data' },
    });
  });

  it.each<[string, CommandName, unknown, string | undefined]>([
    ['no object', 'echo', [], undefined],
    ['null', 'send.getTransfer', null, 'transferId'],
    ['a missing one', 'send.createTransfer', { destinationId: 'a' }, 'manifestId'],
    ['one of the wrong type', 'send.createDestination', { destinationAddress: 7 }, 'destinationAddress'],
    ['a number as text', 'send.updateTransfer', { transferId: 'a', priority: '1' }, 'priority'],
    ['a fraction', 'send.updateTransfer', { transferId: 'a', priority: 1.5 }, 'priority'],
    ['one out of range', 'sleep', { milliseconds: 60_001 }, 'milliseconds'],
    ['an unsafe integer', 'getEventLog', { since: 2 ** 53 }, 'since'],
    ['an unknown one', 'echo', { message: 'a', massage: 'b' }, 'massage'],
    [
      'an unknown choice',
      'send.createTransfer',
      { destinationId: 'a', manifestId: 'b', skipRule: 'x' },
      'skipRule',
    ],
    ['a path of 4,097 bytes', 'lsAsync', { path: `/${'é'.repeat(2_048)}` }, 'path'],
    ['a path with NUL', 'lsAsync', { path: '/a\0b' }, 'path'],
    ['an id that is none', 'send.getTransfer', { transferId: '../x' }, 'transferId'],
    [
      'a mapping that divides nowhere',
      'send.createManifest',
      { fileMappings: ['/a:/b', '/c'] },
      'fileMappings[1]',
    ],
    [
      'a mapping without a source',
      'send.createManifest',
      { fileMappings: [{ source: '', target: 'a' }] },
      'fileMappings[0].source',
    ],
    ['mappings that are none', 'send.createManifest', { fileMappings: [] }, 'fileMappings'],
    [
      'two credentials',
      'send.createDestination',
      { destinationAddress: 'a', password: 'b', token: 'c' },
      undefined,
    ],
    [
      'fixed without a rate',
      'send.createDestination',
      { destinationAddress: 'a', ratePolicy: 'fixed' },
      'sendRateMax',
    ],
    [
      'two objects',
      'send.updateObjectUserData',
      { transferId: 'a', manifestId: 'b', userData: {} },
      undefined,
    ],
    [
      'a specification within',
      'send.submitTransfer',
      { destination: {}, manifestId: 'a' },
      'destination.destinationAddress',
    ],
    ['neither of two', 'send.submitTransfer', { destinationId: 'a' }, 'manifest'],
    ['nesting', 'send.updateObjectUserData', { transferId: 'a', userData: { a: nested(10_000) } }, undefined],
    [
      '17 KiB of user data',
      'send.updateTransfer',
      { transferId: 'a', userData: { a: 'x'.repeat(17_000) } },
      'userData',
    ],
    [
      '65 keys of user data',
      'send.updateTransfer',
      { transferId: 'a', userData: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, i])) },
      'userData',
    ],
    ['__proto__', 'echo', JSON.parse('{"message":"a","__proto__":{"b":1}}'), '__proto__'],
    [
      '__proto__ in free JSON',
      'send.updateTransfer',
      JSON.parse('{"transferId":"a","userData":{"__proto__":1}}'),
      '__proto__',
    ],
    [
      'constructor in free JSON',
      'send.updateTransfer',
      JSON.parse('{"transferId":"a","userData":{"constructor":{}}}'),
      'constructor',
    ],
    [
      'a mount of S3',
      'setSandboxMapping',
      { user: '', mapping: { a: { type: 'S3', path: '/' } } },
      'mapping.a.type',
    ],
    ['a mount named as a path', 'setSandboxMapping', { user: '', mapping: { 'a/b': '/' } }, 'mapping.a/b'],
  ])('are refused by name: %s', (_what, command, given, field) => {
    const parse = () => parseParameters(command, given);
    expect(parse).toThrow(
      expect.objectContaining({ name: 'JetStreamError', code: 'invalid-argument', field }),
    );
    expect(parse).toThrow(expect.objectContaining({ message: expect.stringMatching(/^[^\n]{5,400}$/) }));
  });

  it('are told in messages that disturb no terminal and repeat no secret', () => {
    const message = (command: CommandName, given: unknown) => {
      try {
        parseParameters(command, given);
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing was refused';
    };
    expect(message('echo', { message: 'a', '\u001b[2J\u202e': 1 })).toMatch(/^echo: [ -~]*is unknown$/);
    const secret = 'hunter2'.repeat(200);
    expect(message('auth', { user: 'a', password: secret })).not.toContain('hunter2');
    expect(message('auth', { user: 'a', password: ['hunter2'] })).not.toContain('hunter2');
  });

  it('may be as many as they may be, at once', () => {
    const fileMappings = Array.from({ length: 100_000 }, (_, i) => `/source/${i}:/target/${i}`);
    expect(parseParameters('send.createManifest', { fileMappings }).fileMappings).toHaveLength(100_000);
    const more = () => parseParameters('send.createManifest', { fileMappings: [...fileMappings, '/a:/b'] });
    expect(more).toThrow(expect.objectContaining({ field: 'fileMappings' }));
  });
});
