import { version } from '@jetstream/command-line';
import { clientIdentityLine } from '@jetstream/core';
import { copy } from './copy.ts';
import { type CopyView, createView, type Outputs } from './copy-view.ts';
import { asJetStreamError, errorLine } from './error-line.ts';
import { EXIT_CODES, exitStatusOf } from './exit-codes.ts';
import { parseCommandLine } from './options.ts';

/** Runs one command line. Whatever goes wrong ends as one line on standard error and a status; nothing is thrown. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    const command = await parseCommandLine(argv, process.stdout.columns);
    switch (command.do) {
      case 'print-help':
        process.stdout.write(`${command.text}\n`);
        return EXIT_CODES.ok.status;
      case 'print-version':
        process.stdout.write(`jscp ${version()}\n`);
        return EXIT_CODES.ok.status;
      case 'print-identity':
        process.stdout.write(`${await clientIdentityLine()}\n`);
        return EXIT_CODES.ok.status;
      case 'print-completion': {
        const { completion } = await import('./completion.ts');
        process.stdout.write(completion(command.shell));
        return EXIT_CODES.ok.status;
      }
      case 'copy':
        return await runCopy(
          command.options,
          command.options.plan.host,
          command.options.receiving.verify,
          copy,
        );
      case 'copy-via': {
        const { copyVia } = await import('./via/via.ts');
        const { via, verify } = command.options;
        return await runCopy(command.options, via.host, verify, copyVia);
      }
    }
  } catch (thrown) {
    const error = asJetStreamError(thrown);
    process.stderr.write(`${errorLine(error)}\n`);
    return exitStatusOf(error.code);
  }
}

async function runCopy<Options extends { output: 'progress' | 'quiet' | 'json' }>(
  options: Options,
  host: string,
  verify: boolean | undefined,
  copy: (options: Options, interactive: boolean, view: CopyView, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const outputs: Outputs = { stdout: process.stdout, stderr: process.stderr };
  const interactive = Boolean(process.stdin.isTTY && process.stderr.isTTY);
  const view = await createView(options.output, outputs, verify);
  const cancelled = cancelOnSignal();
  try {
    return await copy(options, interactive, view, cancelled);
  } catch (thrown) {
    const error = asJetStreamError(thrown);
    const status = exitStatusOf(error.code);
    view.error(error, status);
    view.line(errorLine(error, host));
    return status;
  } finally {
    view.end();
  }
}

/** The first signal cancels in order, the second ends the process at once. */
function cancelOnSignal(): AbortSignal {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT_CODES.cancelled.status);
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return controller.signal;
}
