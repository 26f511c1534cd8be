import { DEVICE_NAME } from '../emulation.ts';
import { ipBatch, run } from './commands.ts';

/** RFC 2544 and RFC 5180 set these aside for tests between network devices. */
export const ADDRESSES = { a: '198.18.0.1', b: '198.18.0.2' };
export const ADDRESSES6 = { a: '2001:2::1', b: '2001:2::2' };

/**
 * Gives both ends their addresses, and to each the way to the other. IPv6 is left out where the kernel does not have it.
 * @param linkCommands of `ip`, before the addresses, in each namespace
 * @param linkAddress of the device at the other side of the wire, where there is one
 */
export async function configureEnds(
  namespaces: { a: string; b: string },
  linkCommands: readonly string[],
  linkAddress?: string,
): Promise<void> {
  await Promise.all([
    configureEnd(namespaces.a, 'a', 'b', linkCommands, linkAddress),
    configureEnd(namespaces.b, 'b', 'a', linkCommands, linkAddress),
  ]);
}

async function configureEnd(
  namespace: string,
  own: 'a' | 'b',
  other: 'a' | 'b',
  linkCommands: readonly string[],
  linkAddress: string | undefined,
): Promise<void> {
  const way = (from: string, to: string, hostBits: 32 | 128): string[] => {
    const neighbour = `neigh replace ${to} lladdr ${linkAddress} nud permanent dev ${DEVICE_NAME}`;
    return [
      `address add ${from}/${hostBits} dev ${DEVICE_NAME}${hostBits === 128 ? ' nodad' : ''}`,
      `route add ${to}/${hostBits} dev ${DEVICE_NAME}`,
      ...(linkAddress === undefined ? [] : [neighbour]),
    ];
  };
  const links = ['link set lo up', ...linkCommands];
  await ipBatch(namespace, [...links, ...way(ADDRESSES[own], ADDRESSES[other], 32)]);
  await ipBatch(namespace, way(ADDRESSES6[own], ADDRESSES6[other], 128)).catch(() => undefined);
}

export async function hasAddress6(namespace: string): Promise<boolean> {
  const shown = await run('ip', ['-n', namespace, '-6', 'address', 'show', 'dev', DEVICE_NAME]);
  return shown.includes(ADDRESSES6.a);
}
