/** What the programs have in common as programs: nothing of it knows of transfers. */
export { type ExitCodes, exitCodeLines } from './exit-codes.ts';
export { version } from './version.ts';
