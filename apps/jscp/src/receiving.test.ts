import { describe, expect, it } from 'vitest';
import { parseCommandLine } from './options.ts';

const receiving = async (...words: string[]) => {
  const command = await parseCommandLine([...words, 'f', 'h:f']);
  if (command.do !== 'copy') throw new Error(`not a copy: ${command.do}`);
  return command.options.receiving;
};

describe('what is done with files that are there', () => {
  it('is left to the library where nothing is said', async () => {
    expect(await receiving()).toEqual({});
  });

  it.each([
    ['always', 'partfile-always'],
    ['never', 'partfile-never'],
    ['backup', 'partfile-backup'],
    ['in-place', 'in-place-always'],
    ['in-place-never', 'in-place-never'],
    ['in-place-same-size', 'in-place-same-size'],
  ])('--overwrite %s is %s', async (word, overwrite) => {
    expect(await receiving('--overwrite', word)).toEqual({ overwrite });
  });

  it('has a switch for each of the rest', async () => {
    expect(await receiving('--checksum', '--read-back', '-p')).toEqual({
      skip: 'by-digest',
      readBack: true,
      preserve: true,
    });
    expect(await receiving('--whole', '--preserve')).toEqual({ skip: 'nothing', preserve: true });
    expect(await receiving('--verify')).toEqual({ verify: true });
  });

  it('has checkpoints in seconds, or none', async () => {
    expect(await receiving('--checkpoint', '0.25')).toEqual({ checkpointIntervalMs: 250 });
    expect(await receiving('--checkpoint', 'none')).toEqual({ checkpointIntervalMs: null });
  });

  it.each([
    [['--checksum', '--whole'], /^--checksum and --whole exclude each other/],
    [
      ['--verify', '--overwrite', 'never'],
      /^--verify compares and writes nothing: --overwrite does not go with it/,
    ],
    [['--verify', '--checksum'], /--checksum does not go/],
    [['--verify', '--whole'], /--whole does not go/],
    [['--verify', '--read-back'], /--read-back does not go/],
    [['--verify', '-p'], /--preserve does not go/],
    [['--verify', '--checkpoint', '5'], /--checkpoint does not go/],
    [['--checkpoint', '0.05'], /^--checkpoint 0.05: give 0.1 to 3600 seconds, or none/],
    [['--checkpoint', '-1'], /--checkpoint/],
  ])('refuses %j in one line', async (words, line) => {
    const refused = receiving(...words);
    await expect(refused).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(line),
    });
  });
});
