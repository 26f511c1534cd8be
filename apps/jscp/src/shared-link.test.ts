import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { planCopy } from './copy-plan.ts';
import { parseSharedLink } from './shared-link.ts';
import { downloadId, readToken } from './token.ts';

const directory = mkdtempSync(join(tmpdir(), 'jscp-token-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a shared link', () => {
  it.each([
    ['jetstream://a.example/download?token=jst_x', 'a.example', undefined, 'jst_x'],
    ['jetstream://a.example:9000/download/?token=a%2Bb&other=1#top', 'a.example', 9000, 'a+b'],
    ['jetstream://ann@[2001:db8::1]:9000/download?token=x&udpPort=9001', '2001:db8::1', 9001, 'x'],
    ['JETSTREAM://10.0.0.1/download?token=x', '10.0.0.1', undefined, 'x'],
  ])('%s is read', (text, host, port, token) => {
    expect(parseSharedLink(text)).toEqual({ host, port, token });
  });

  it.each([
    'jetstream://a/connect',
    'jetstream://a/download',
    'jetstream:///download?token=secret',
    'jetstream://a/download?token=',
    `jetstream://a/download?token=${'x'.repeat(257)}`,
    'jetstream://a/download?token=secret&udpPort=0',
    'jetstream://a:99999/download?token=secret',
    'jetstream://%zz/download?token=secret',
  ])('%s is refused, and not repeated', (text) => {
    try {
      parseSharedLink(text);
    } catch (error) {
      expect(error).toBeInstanceOf(JetStreamError);
      expect((error as JetStreamError).code).toBe('invalid-argument');
      expect((error as JetStreamError).message).not.toContain('secret');
      return;
    }
    throw new Error('was taken');
  });

  it('is copied by itself, all of it beneath the target', () => {
    const link = 'jetstream://a/download?token=x';
    expect(planCopy([link, 'into'], undefined)).toMatchObject({
      direction: 'download',
      host: 'a',
      mappings: [{ source: '/', target: resolve('into') }],
    });
    for (const operands of [[link, link], [link, 'b:x', '.'], ['x', link], [link]]) {
      expect(() => planCopy(operands, undefined)).toThrow(JetStreamError);
    }
  });
});

describe('the token to log in with', () => {
  const sources = { link: undefined, file: undefined, hasKey: false, environment: {} };
  const file = join(directory, 'token');

  it('is that of the link, the file or the environment, with its password', () => {
    const environment = { JETSTREAM_TOKEN: 'from-environment', JETSTREAM_TOKEN_PASSWORD: 'pass' };
    writeFileSync(file, 'from-file\n', { mode: 0o600 });
    expect(readToken(sources)).toBeUndefined();
    expect(readToken({ ...sources, environment })).toEqual({ token: 'from-environment', password: 'pass' });
    expect(readToken({ ...sources, environment, file })).toMatchObject({ token: 'from-file' });
    expect(readToken({ ...sources, environment, link: 'from-link' })).toMatchObject({ token: 'from-link' });
    expect(readToken({ ...sources, environment, hasKey: true })).toBeUndefined();
    writeFileSync(file, '  jetstream://a/download?token=in-link \n');
    expect(readToken({ ...sources, file })).toMatchObject({ token: 'in-link' });
  });

  it('is refused when it is none, or one too many', () => {
    writeFileSync(file, '\n');
    expect(() => readToken({ ...sources, file })).toThrow(/neither a token nor a link/);
    expect(() => readToken({ ...sources, file: join(directory, 'none') })).toThrow(/none: no such file/);
    expect(() => readToken({ ...sources, file: directory })).toThrow(/on a directory/);
    chmodSync(file, 0o644);
    expect(() => readToken({ ...sources, file })).toThrow(/the token .* is open to others/);
    expect(() => readToken({ ...sources, file, link: 'x' })).toThrow(JetStreamError);
    expect(() => readToken({ ...sources, file, hasKey: true })).toThrow(JetStreamError);
  });

  it('makes the same download the same one again, and tells nobody the token', () => {
    expect(downloadId('t', '/a')).toBe(downloadId('t', '/a/'));
    expect(downloadId('t', '/a')).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set([downloadId('t', '/a'), downloadId('t', '/b'), downloadId('u', '/a')]).size).toBe(3);
  });
});
