import { readFileSync } from 'node:fs';

/** Whether a server waits at the port, in the network namespace of a process. */
export function isBound(pid: number, protocol: 'tcp' | 'udp', port: number): boolean {
  return [protocol, `${protocol}6`].some((table) =>
    hasPort(read(`/proc/${pid}/net/${table}`), protocol, port),
  );
}

/** @param table what proc_net(5) describes: a line for each socket, with local address and state as its fields 2 and 4 */
export function hasPort(table: string, protocol: 'tcp' | 'udp', port: number): boolean {
  const waiting = protocol === 'tcp' ? '0A' : '07';
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').some((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(local) === true && fields[3] === waiting;
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
