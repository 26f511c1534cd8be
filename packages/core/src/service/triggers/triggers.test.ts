import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

  it('waits for its turn, at most four running; what waits and what was begun is run after a restart', async () => {
    const triggers = await open();
    const ran = join(base, 'ran');
    script('launch', `echo "$1" >> ${ran}`);
    script('send.transferComplete', `echo "$1" >> ${ran}; while [ -e ${base}/hold ]; do sleep 0.05; done`);
    writeFileSync(join(base, 'hold'), '');
    triggers.start();
    for (let run = 0; run < 6; run++) triggers.fire('send.transferComplete', [String(run)]);
    const lines = () => (existsSync(ran) ? readFileSync(ran, 'utf8').trim().split('\n').sort() : []);
    while (lines().length < 4) await new Promise<void>((resolve) => setImmediate(resolve));
    triggers.fire('launch', ['of the start before']);
    await triggers.close();
    const next = await open();
    next.start();
    while (lines().length < 8) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(lines()).toEqual(['0', '0', '1', '1', '2', '2', '3', '3']);
    rmSync(join(base, 'hold'));
    while (lines().length < 10) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(lines().slice(8)).toEqual(['4', '5']);
  });

  it('that the end of the server cuts off is begun again, three times at most', async () => {
    const runs = await state.collection<{ begun: number }>('triggerRuns');
    script('recv.transferError', `while [ ! -e ${base}/ending ]; do sleep 0.05; done; kill -TERM $$`);
    for (let begun = 1; begun <= 3; begun++) {
      const triggers = await open();
      triggers.start();
      if (begun === 1) triggers.fire('recv.transferError', ['id']);
      await heard('trigger begins');
      logged = [];
      const drained = triggers.drain();
      writeFileSync(join(base, 'ending'), '');
      await drained;
      rmSync(join(base, 'ending'));
      expect([...runs.values()]).toMatchObject([{ begun }]);
      await triggers.close();
    }
    logged = [];
    (await open()).start();
    expect(logged).toMatchObject([{ trigger: 'recv.transferError', args: ['id'], begun: 3 }]);
    expect(runs.size).toBe(0);
  });

  it('is dropped by name when 10,000 wait', async () => {
    const triggers = await open();
    vi.spyOn(await state.collection('triggerRuns'), 'size', 'get').mockReturnValue(10_000);
    expect(triggers.prepare('launch', ['one too many'])).toBeUndefined();
    expect(logged).toMatchObject([{ trigger: 'launch', args: ['one too many'], dropped: 1 }]);
  });
});
