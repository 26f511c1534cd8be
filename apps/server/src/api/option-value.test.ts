import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandName, commandOptions, type Json, parseParameters } from '@jetstream/core/api-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optionValue } from './option-value.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'jetstream-option-value-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function value(command: CommandName, name: string, ...words: string[]): Json {
  const option = commandOptions(command).find((option) => option.name === name)!;
  return optionValue(option, words);
}

describe('the value of an option', () => {
  it('is of the type that the parameter has', () => {
    expect(value('send.createDestination', 'destinationAddress', '@b.lan')).toBe('@b.lan');
    expect(value('send.createDestination', 'sendRateMax', '1500000')).toBe(1_500_000);
    expect(value('send.createDestination', 'sendRateMax', 'null')).toBeNull();
    expect(value('send.createTransfer', 'verify', 'true')).toBe(true);
    expect(value('send.createTransfer', 'checkpointFrequencySeconds', '0.5')).toBe(0.5);
    expect(value('send.getTransfers', 'status', 'pending', 'error')).toEqual(['pending', 'error']);
    expect(value('lsAsync', 'path', 'null')).toBe('null');
  });

  it('may be a list of texts, of objects, or of both', () => {
    const mappings = value('send.createManifest', 'fileMappings', '/a:/b', '{"source":"/c","target":"d"}');
    expect(parseParameters('send.createManifest', { fileMappings: mappings }).fileMappings).toEqual([
      { source: '/a', target: '/b' },
      { source: '/c', target: 'd' },
    ]);
    expect(value('send.createManifest', 'fileMappings', '["/a:/b"]')).toEqual(['/a:/b']);
    expect(value('send.createManifest', 'mappings', '/b=/a')).toEqual({ '/b': '/a' });
  });

  it('may be read from a file: JSON, and secrets', () => {
    const file = join(directory, 'f');
    writeFileSync(file, '{"destinationAddress":"b.lan"}\n');
    expect(value('send.submitTransfer', 'destination', `@${file}`)).toEqual({ destinationAddress: 'b.lan' });
    writeFileSync(file, 'secret\n');
    const read = () => value('send.createDestination', 'password', `@${file}`);
    chmodSync(file, 0o640);
    expect(read).toThrow(/the password .* is open to others/);
    chmodSync(file, 0o600);
    expect(read()).toBe('secret');
  });

  it('is refused when it is none, without repeating what may be a secret', () => {
    for (const [command, name, word] of [
      ['send.createDestination', 'sendRateMax', 'fast'],
      ['send.createTransfer', 'verify', 'maybe'],
      ['send.createTransfer', 'userData', 'word'],
      ['send.submitTransfer', 'destination', '{"password":"hunter2"'],
      ['send.createDestination', 'password', '@/nowhere/at/all'],
    ] as const) {
      expect(() => value(command, name, word)).toThrow(
        expect.objectContaining({
          code: 'invalid-argument',
          message: expect.not.stringContaining('hunter2'),
        }),
      );
    }
  });
});
