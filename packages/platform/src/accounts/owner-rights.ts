import { readFileSync } from 'node:fs';

/** `linux/capability.h` */
const CAP_CHOWN = 0;

/** May the calling thread give any file to anybody: root may, unless it acts as somebody else (`actAs`). */
export function mayChangeOwners(): boolean {
  if (process.platform !== 'linux') return process.geteuid?.() === 0;
  try {
    const status = readFileSync('/proc/thread-self/status', 'utf8');
    const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
    return ((BigInt(`0x${capabilities}`) >> BigInt(CAP_CHOWN)) & 1n) === 1n;
  } catch {
    return false;
  }
}
