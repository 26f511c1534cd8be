import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ETHERNET_MTU } from './datagram-size.ts';

const LOOPBACK_INTERFACE = 'lo';

/**
 * Largest MTU of this machine's network interfaces but loopback: no datagram to another machine can be larger. That of Ethernet
 * where the system does not tell.
 * @param directory where Linux describes its interfaces
 */
export function largestInterfaceMtu(directory = '/sys/class/net'): number {
  const mtus = interfaceNames(directory).map((name) => mtuOf(join(directory, name, 'mtu')));
  return Math.max(0, ...mtus) || ETHERNET_MTU;
}

function interfaceNames(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name !== LOOPBACK_INTERFACE);
  } catch {
    return [];
  }
}

/** 0 for one that says nothing of the kind, or went meanwhile. */
function mtuOf(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || 0;
  } catch {
    return 0;
  }
}
