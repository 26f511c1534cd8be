import { spawnSync } from 'node:child_process';

/** Whether OpenSSH's ssh-keygen can be run here. */
export const hasSshKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;
