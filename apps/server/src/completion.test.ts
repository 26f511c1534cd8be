import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionScript } from './completion.ts';

/** What bash offers for a line that ends in the word to be completed. */
function complete(line: string): string[] {
  const words = line.split(' ');
  const script = `${completionScript('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_jetstream
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

describe('completion by bash', () => {
  it('knows subcommands, commands and options', () => {
    expect(complete('jetstream s')).toEqual(['server']);
    expect(complete('jetstream server --sandbox')).toEqual(['--sandbox-dir']);
    expect(complete('jetstream completion z')).toEqual(['zsh']);
    expect(complete('jetstream api createT')).toEqual(['createTransfer']);
    expect(complete('jetstream api --h')).toEqual(['--host', '--help']);
    expect(complete('jetstream api createTransfer --dest')).toEqual(['--destinationId', '--destinationPath']);
  });

  it('passes over the options before the command, and over its prefix', () => {
    expect(complete('jetstream api --host server --superuser send.createManifest --file')).toEqual([
      '--fileMappings',
    ]);
  });

  it('is there for zsh and fish too', () => {
    expect(completionScript('zsh')).toContain('bashcompinit');
    expect(completionScript('fish')).toContain(
      "complete -c jetstream -n '__fish_seen_subcommand_from api; and __fish_seen_subcommand_from watch' -l events",
    );
  });
});
