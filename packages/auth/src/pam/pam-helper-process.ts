import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PamAnswer, PamQuestion } from './pam-question.ts';

// Run from source (tests), the helper is the built one: Node loads no TypeScript on every version that we support.
const HELPER_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/pam/pam-helper.js' : './pam-helper.js',
  import.meta.url,
);
/** What modules of PAM may need. Nothing of the server's own environment is handed on. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** One helper process. It is asked one question at a time. */
export interface PamHelper {
  /** @throws Error when the process ends before it has answered */
  ask(question: PamQuestion): Promise<PamAnswer>;
  /** It takes no question any more. */
  readonly hasEnded: boolean;
  /** Ends it at once, and what it started. */
  kill(): void;
}

export class PamHelperProcess implements PamHelper {
  readonly #child: ChildProcess;

  constructor(file: string = fileURLToPath(HELPER_URL)) {
    const portable = process.env.JETSTREAM_PORTABLE;
    this.#child = fork(file, [], {
      execArgv: [],
      // Passwords go as bytes, which can be overwritten.
      serialization: 'advanced',
      env: { ...ENVIRONMENT, ...(portable !== undefined && { JETSTREAM_PORTABLE: portable }) },
      cwd: '/',
      // In a process group of its own it gets no signals of the server's terminal.
      detached: true,
      // What a module prints is nobody's to read.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // Told by `ask`.
    this.#child.on('error', () => undefined);
    // It keeps nobody from ending.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    const { exitCode, signalCode, connected } = this.#child;
    return exitCode !== null || signalCode !== null || !connected;
  }

  ask(question: PamQuestion): Promise<PamAnswer> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onEnd = () => {
        settle();
        reject(new Error('the password helper ended without an answer'));
      };
      const onAnswer = (answer: unknown) => {
        settle();
        resolve(answer as PamAnswer);
      };
      const settle = () => {
        child.off('message', onAnswer).off('exit', onEnd).off('error', onEnd);
        child.channel?.unref();
      };
      child.once('message', onAnswer).once('exit', onEnd).once('error', onEnd);
      child.channel?.ref();
      if (this.hasEnded) return onEnd();
      child.send(question, (error) => {
        if (error) onEnd();
      });
    });
  }

  kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    for (const one of [pid, ...descendantsOf(pid)]) {
      try {
        process.kill(one, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }
}

/** Modules may put what they start into sessions of their own (pam_exec does), so that killing the group would miss it. */
function descendantsOf(pid: number): number[] {
  let children: number[];
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    children = text.trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}
