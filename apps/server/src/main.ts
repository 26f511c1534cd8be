import { runCommand } from './commands.ts';

/** A reader of our output that went away is no fault. */
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

runCommand(process.argv.slice(2)).then((status) => process.exit(status));
