import { Server } from '@jetstream/core';
import { EXIT_CODES } from './exit-codes.ts';
import { checkSandboxIsDirectory } from './sandbox-check.ts';
import { parseServerOptions } from './server-options.ts';
import { thirdPartyLicenses } from './third-party-licenses.ts';

/**
 * `jetstream server`: runs until a signal ends it.
 * @returns the exit status
 * @throws JetStreamError when it cannot start
 */
export async function runServer(argv: readonly string[]): Promise<number> {
  const parsed = await parseServerOptions(argv, process.stdout.columns);
  if ('help' in parsed) {
    process.stdout.write(`${parsed.help}\n`);
    return EXIT_CODES.ok.status;
  }
  const { options } = parsed;
  if (options.sandboxDirectory !== undefined) checkSandboxIsDirectory(options.sandboxDirectory);
  const stopping = stopOnSignal();
  const server = await Server.start({ ...options, thirdPartyLicenses });
  process.stdout.write(`ready udp=${server.ports.join(',')} api=${server.apiPort ?? '-'}\n`);

  await Promise.race([stopping.first, server.closed]);
  await Promise.race([server.drain(), stopping.second.then(() => server.close())]);
  return EXIT_CODES.ok.status;
}

/** The first SIGTERM or SIGINT drains, the second closes. Heard from before the start, so that none is missed. */
function stopOnSignal(): { first: Promise<void>; second: Promise<void> } {
  const waiting: (() => void)[] = [];
  const first = new Promise<void>((resolve) => waiting.push(resolve));
  const second = new Promise<void>((resolve) => waiting.push(resolve));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => waiting.shift()?.());
  return { first, second };
}
