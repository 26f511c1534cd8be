import { version } from '@jetstream/command-line';
import { startNetworkThread } from '@jetstream/core/network-thread';

/** Answers the quickest question without loading the rest. */
async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`jscp ${version()}\n`);
    return 0;
  }
  // Two operands at least: probably a copy, and one that is not left to another server.
  if (argv.length > 1 && !argv.some((word) => word.startsWith('--via'))) startNetworkThread();
  const { run } = await import('./run.ts');
  return run(argv);
}

/** A reader that went away (`jscp --json | head`) is no fault. */
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

/** Only a fault of ours comes here. */
process.on('uncaughtException', (error) => {
  const what = process.env.JETSTREAM_DEBUG ? error.stack : `${error.message} (JETSTREAM_DEBUG=1 shows where)`;
  process.stderr.write(`jscp: internal error: ${what}\n`);
  process.exit(1);
});

main(process.argv.slice(2)).then((status) => process.exit(status));
