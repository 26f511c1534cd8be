import { completionScript } from '@jetstream/command-line/completion';
import { describe, expect, it } from 'vitest';
import { jetstream } from './completion.ts';

const { options, commands = {} } = jetstream();
const { server, api, completion } = commands;
const command = (name: string) => api!.commands![name]!;

describe('what is completed', () => {
  it('is each command and option, and values where they are a choice', () => {
    expect(Object.keys(options)).toEqual(['--help', '--version']);
    expect(Object.keys(completion!.commands!)).toEqual(['bash', 'zsh', 'fish']);
    expect(server!.options).toMatchObject({
      '--log-level': { takes: 'one', values: ['trace', 'debug', 'info', 'warn', 'error', 'silent'] },
      '--trigger-log': { takes: 'known', values: ['yes', 'no'] },
      '--sandbox-dir': { takes: 'one' },
      '--help': { takes: 'none' },
    });
    expect(api!.options).toMatchObject({ '--host': { takes: 'one' }, '--superuser': { takes: 'known' } });
    expect(command('createDestination')).toMatchObject({
      aliases: ['send.createDestination'],
      options: { '--ratePolicy': { takes: 'one', values: ['low', 'fair', 'high', 'fixed'] } },
    });
    expect(command('lsAsync').options).toHaveProperty('--wait');
  });

  it('are statuses and events too, of which there may be several', () => {
    const statuses = command('getTransfers').options['--status'];
    expect(statuses).toMatchObject({ takes: 'many', values: expect.arrayContaining(['inProgress']) });
    const events = command('getEventLog').options['--events'];
    expect(events).toMatchObject({ takes: 'many', values: expect.arrayContaining(['transferUpdated']) });
    expect(command('watch').options['--events']).toEqual(events);
  });

  it('stands in a script', () => {
    expect(completionScript('bash', 'jetstream', jetstream())).toContain(
      'complete -o default -F _jetstream jetstream',
    );
  });
});
