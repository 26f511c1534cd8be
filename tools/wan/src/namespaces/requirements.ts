import { accessSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';

/** What a WAN needs that this machine may not have. */
export interface Lack {
  what: 'root' | 'linux' | 'ip' | 'tun';
  /** One line: what is missing and what to do. */
  line: string;
}

/** @returns undefined: a WAN can be made here */
export function findLack(): Lack | undefined {
  const lack = findNamespaceLack();
  if (lack) return lack;
  if (!exists('/dev/net/tun')) {
    return { what: 'tun', line: 'there is no /dev/net/tun: load the kernel module tun (modprobe tun)' };
  }
  return undefined;
}

/** @returns undefined: network namespaces can be made here */
export function findNamespaceLack(): Lack | undefined {
  if (process.platform !== 'linux') {
    return { what: 'linux', line: 'network namespaces need Linux' };
  }
  if (process.geteuid?.() !== 0) {
    return { what: 'root', line: 'making network namespaces needs root: run it with sudo' };
  }
  if (!onPath('ip')) {
    return { what: 'ip', line: 'the command ip is missing: install the package iproute2' };
  }
  return undefined;
}

export class LackError extends JetStreamError {
  readonly lack: Lack;

  constructor(lack: Lack) {
    super(lack.what === 'root' ? 'permission-denied' : 'not-found', lack.line, { subject: lack.what });
    this.lack = lack;
  }
}

export function onPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => exists(join(directory, command)));
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
