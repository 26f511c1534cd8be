import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServiceEvents } from '../events.ts';
import { followEvents } from './trigger-events.ts';
import type { TriggerEvent } from './trigger-file.ts';
import { Triggers } from './triggers.ts';

let base: string;
let directory: string;
let state: State;
let logged: Record<string, unknown>[];
let onLogged: () => void;
const opened: Triggers[] = [];

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-triggers-'));
  directory = join(base, 'triggers');
  mkdirSync(directory, { mode: 0o755 });
  state = await volatileState();
  logged = [];
  onLogged = () => undefined;
});

afterEach(async () => {
  for (const triggers of opened.splice(0)) {
    await triggers.drain();
    await triggers.close();
  }
  await state.close();
  rmSync(base, { recursive: true });
});

const logger = pino(
  { level: 'info' },
  {
    write: (line: string) => {
      logged.push(JSON.parse(line));
      onLogged();
    },
  },
);

async function open(timeoutMs?: number): Promise<Triggers> {
  const options = { directory, log: true, ...(timeoutMs !== undefined && { timeoutMs }) };
  const triggers = await Triggers.open(options, state, logger);
  opened.push(triggers);
  return triggers;
}

function script(event: TriggerEvent, body: string, mode = 0o755): string {
  const path = join(directory, event);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, mode);
  return path;
}

/** The first line of the log that has such a message. */
async function heard(message: string): Promise<Record<string, unknown>> {
  for (;;) {
    const line = logged.find(({ msg }) => msg === message);
    if (line !== undefined) return line;
    await new Promise<void>((resolve) => {
      onLogged = resolve;
    });
  }
}

describe('a trigger', () => {
  it('gets its arguments as they are, without a shell, and nothing of the environment of the server', async () => {
    const triggers = await open();
    process.env.JETSTREAM_SECRET = 'secret';
    script(
      'recv.transferComplete',
      'printf "%s|" "$#" "$@" "$PWD" "$HOME"; env; read line || echo "no input"',
    );
    triggers.start();
    const args = ['id', '$(touch /tmp/x)', '/a b\n;`id`"\'', '\u001b[2J', '日本\0語', '-rf'];
    triggers.fire('recv.transferComplete', args);
    const { output, status } = await heard('trigger has ended');
    delete process.env.JETSTREAM_SECRET;
    expect(status).toBe(0);
    const shown = String(output);
    expect(shown).toContain(`6|id|$(touch /tmp/x)|/a b`);
    expect(shown).toContain('日本語|-rf|/|');
    expect(shown).toContain('no input');
    expect(shown).not.toContain('\u001b');
    expect(shown).not.toContain('secret');
  });

  it('that is not there is no fault', async () => {
    const triggers = await open();
    triggers.start();
    triggers.fire('launch', ['8886']);
    await triggers.drain();
    expect(logged).toEqual([]);
  });

  it.each([
    ['may be written by others', () => script('launch', 'true', 0o777), /launch is writable by others/],
    ['may not be executed', () => script('launch', 'true', 0o644), /launch/],
    ['is a directory', () => mkdirSync(join(directory, 'launch')), /launch is not a regular file/],
    [
      'is a symlink',
      () => symlinkSync('/bin/true', join(directory, 'launch')),
      /launch is not a regular file/,
    ],
    [
      'lies where others may write',
      () => [script('launch', 'true'), chmodSync(directory, 0o777)],
      /triggers is writable by others/,
    ],
  ])('that %s is refused by name', async (_what, prepare, why) => {
    prepare();
    const triggers = await open();
    triggers.start();
    triggers.fire('launch', ['8886']);
    expect((await heard('a trigger cannot be run')).why).toMatch(why);
  });

  it('that hangs is killed with all that it has started', async () => {
    const triggers = await open(300);
    const pidFile = join(base, 'pid');
    script('launch', `sleep 1000 & echo $! > ${pidFile}; wait`);
    triggers.start();
    triggers.fire('launch', []);
    expect(await heard('a trigger took too long and was killed')).toMatchObject({ signal: 'SIGKILL' });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    const isDead = () => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
      } catch {
        return true;
      }
    };
    while (!isDead()) await new Promise<void>((resolve) => setImmediate(resolve));
  });

  it('is over when it has ended, whatever it leaves behind with its output open', async () => {
    const triggers = await open();
    const pidFile = join(base, 'pid');
    script('launch', `sleep 1000 & echo $! > ${pidFile}; echo said; exit 3`);
    triggers.start();
    triggers.fire('launch', []);
    expect(await heard('a trigger failed')).toMatchObject({ status: 3 });
    await triggers.drain();
    process.kill(Number(readFileSync(pidFile, 'utf8')));
  });

  it('says no more than 8 KiB', async () => {
    const triggers = await open();
    script('launch', 'head -c 1000000 /dev/zero | tr "\\0" x');
    triggers.start();
    triggers.fire('launch', []);
    expect(String((await heard('trigger has ended')).output).length).toBeLessThanOrEqual(8_192);
  });

  it('waits for its turn, at most four running; what waits is run after a restart, what was begun is not', async () => {
    const triggers = await open();
    const fifo = join(base, 'ran');
    script('launch', `echo "$1" >> ${fifo}; while [ -e ${base}/hold ]; do sleep 0.05; done`);
    writeFileSync(join(base, 'hold'), '');
    triggers.start();
    for (let run = 0; run < 6; run++) triggers.fire('launch', [String(run)]);
    const ran = () => {
      try {
        return readFileSync(fifo, 'utf8').trim().split('\n');
      } catch {
        return [];
      }
    };
    while (ran().length < 4) await new Promise<void>((resolve) => setImmediate(resolve));
    await triggers.close();
    const next = await open();
    next.start();
    while (ran().length < 6) await new Promise<void>((resolve) => setImmediate(resolve));
    rmSync(join(base, 'hold'));
    expect(ran().sort()).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('is dropped by name when 1,000 wait', async () => {
    const triggers = await open();
    for (let run = 0; run < 1_000; run++) triggers.prepare('launch', [])!.run();
    expect(triggers.prepare('launch', ['one too many'])).toBeUndefined();
    expect(logged).toMatchObject([{ trigger: 'launch', args: ['one too many'], dropped: 1 }]);
  });

  it('follows the service: when it can be controlled, and when destinations come and go', async () => {
    const triggers = await open();
    const events = new ServiceEvents({ wallUs: () => 0, monotonicUs: () => 0 }, logger);
    followEvents(triggers, events, '::1');
    script('launch', 'echo "$@"');
    script('send.destinationCreated', 'echo "$@"');
    triggers.start();
    events.emit('serverStarted', { apiControlPort: null });
    events.emit('serverStarted', { apiControlPort: 8_886 });
    const destination = {
      destinationAddress: 'b.lan',
      destinationIP: null,
      destinationPort: 8_887,
      sourcePort: 0,
    };
    events.emit('destinationCreated', destination);
    const ends = () => logged.filter(({ msg }) => msg === 'trigger has ended');
    while (ends().length < 2)
      await new Promise<void>((resolve) => {
        onLogged = resolve;
      });
    expect(ends().map(({ trigger, args }) => [trigger, args])).toEqual(
      expect.arrayContaining([
        ['launch', ['8886']],
        ['send.destinationCreated', ['b.lan:8887', '[::1]:0']],
      ]),
    );
  });
});
