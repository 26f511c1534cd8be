import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { CompletedCommand, CompletedOption } from './completed-command.ts';
import { completionScript, SHELLS } from './completion.ts';

const policy: CompletedOption = { takes: 'one', values: ['low', 'fair', 'fixed'] };
const flag: CompletedOption = { takes: 'known', values: ['yes', 'no'] };
const PROGRAM: CompletedCommand = {
  options: { '--help': { takes: 'none' } },
  commands: {
    serve: {
      options: { '--dir': { takes: 'one' }, '--policy': policy, '--log': flag, '-q': { takes: 'none' } },
    },
    call: {
      options: { '--host': { takes: 'one' }, '--policy': { takes: 'none' } },
      commands: {
        list: {
          options: { '--status': { takes: 'many', values: ['open', 'over'] }, '--help': { takes: 'none' } },
        },
        send: { options: { '--policy': policy }, takesFiles: true, aliases: ['x.send'] },
      },
    },
  },
};

/** What bash offers for a line that ends in the word to be completed; undefined: it leaves that to its own files. */
function complete(line: string): string[] | undefined {
  // As bash does it.
  const words = line.split(/ +|(?<==)|(?==)/);
  const script = `${completionScript('bash', 'prog', PROGRAM)}
compopt() { echo alone; }
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_prog
printf '%s\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const [first, ...offered] = stdout.trim().split('\n');
  return first === 'alone' ? offered : undefined;
}

describe('completion', () => {
  it('goes from command to command, and offers options where one is begun or nothing else can be', () => {
    expect(complete('prog ')).toEqual(['serve', 'call']);
    expect(complete('prog -')).toEqual(['--help']);
    expect(complete('prog serve ')).toEqual(['--dir', '--policy', '--log', '-q']);
    expect(complete('prog call --host serve li')).toEqual(['list']);
    expect(complete('prog call --host=serve x.send --')).toEqual(['--policy']);
    expect(complete('prog call --policy l')).toEqual(['list']);
  });

  it('offers values where they are known, and files where they are not', () => {
    expect(complete('prog serve --policy f')).toEqual(['fair', 'fixed']);
    expect(complete('prog serve --policy=f')).toEqual(['fair', 'fixed']);
    expect(complete('prog serve --policy=')).toEqual(['low', 'fair', 'fixed']);
    expect(complete('prog serve --policy x')).toEqual([]);
    expect(complete('prog serve --dir ')).toBeUndefined();
    expect(complete('prog serve --dir=/')).toBeUndefined();
    expect(complete('prog call send ')).toBeUndefined();
    expect(complete('prog call send --policy=low ')).toBeUndefined();
  });

  it('knows of flags that their value may be left out, and of lists that they go on', () => {
    expect(complete('prog serve --log ')).toEqual(['yes', 'no', '--dir', '--policy', '--log', '-q']);
    expect(complete('prog serve --log no --p')).toEqual(['--policy']);
    expect(complete('prog call list --status open o')).toEqual(['open', 'over']);
    expect(complete('prog call list --status=open o')).toEqual(['open', 'over']);
    expect(complete('prog call list --status open --')).toEqual(['--status', '--help']);
  });

  it('says the same to each shell', () => {
    const [bash, zsh, fish] = SHELLS.map((shell) => completionScript(shell, 'prog', PROGRAM));
    const rule = (script?: string) =>
      script?.split('\n').filter((line) => /low.*fair.*fixed/.test(line)).length;
    expect([rule(bash), rule(zsh), rule(fish)]).toEqual([1, 1, 1]);
    expect(zsh).toContain('compdef _prog prog');
    expect(fish).toContain("complete -c prog -f -a '(__prog_complete)'");
  });
});
